package handlers

import (
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const apiAbout = `Everything money touches in Portal, for scripts.

A key belongs to one program and one mode (test or live) and sees nothing else. Money in an answer is a decimal string
with exactly the currency's digits; money in a request may be a number or a string, in major units. Times are RFC 3339
in UTC. Lists are walked with ` + "`limit` and `cursor`" + `. Every field of an answer is always present, null when empty; fields of a
request that are not known are errors. Errors are problems (RFC 9457) that name the fields. An Idempotency-Key on any
POST repeats the first answer for 24 hours.`

// apiDescription is what openapi.json begins with.
func (h *House) apiDescription() *huma.OpenAPI {
	spec := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info:    &huma.Info{Title: "Portal", Version: h.Version, Description: apiAbout},
		Components: &huma.Components{
			Schemas: huma.NewMapRegistry("#/components/schemas/", func(t reflect.Type, hint string) string {
				return strings.TrimSuffix(strings.ReplaceAll(huma.DefaultSchemaNamer(t, hint), "Api", ""), "Shape")
			}),
			SecuritySchemes: map[string]*huma.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer", Description: "An API key of one program and one mode."}},
		},
		Security: []map[string][]string{{"bearer": {}}},
	}
	if h.PublicURL != "" {
		spec.Servers = []*huma.Server{{URL: h.PublicURL}}
	}
	return spec
}

var apiIdempotencyParam = &huma.Param{Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: huma.TypeString},
	Description: "A text of your own, up to 255 characters. The same request with the same key is done once; the first answer is repeated for 24 hours."}

// apiNullables says of answers where an object may be null, which the library leaves out.
func apiNullables(all huma.Registry) {
	for name, schema := range all.Map() {
		t := all.TypeFromRef("#/components/schemas/" + name)
		for i := range t.NumField() {
			f := t.Field(i)
			field, option, _ := strings.Cut(f.Tag.Get("json"), ",")
			object := f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct
			if s := schema.Properties[field]; object && option == "" && s != nil && s.Ref != "" {
				schema.Properties[field] = &huma.Schema{AnyOf: []*huma.Schema{{Ref: s.Ref}, {Type: "null"}}, Description: s.Description}
			}
		}
		slices.Sort(schema.Required)
	}
}

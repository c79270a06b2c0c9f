package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"portal/models"
)

// apiRoute is one operation of the JSON API. All are for holders of a key.
type apiRoute struct{ method, path, who string }

// apiRoutes is the site map of the JSON API (CONTRACT.md 5), read from what is registered.
func apiRoutes() []apiRoute {
	var list []apiRoute
	for path, item := range (&House{}).apiOn(echo.New()).OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				list = append(list, apiRoute{op.Method, path, "key holder"})
			}
		}
	}
	slices.SortFunc(list, func(a, b apiRoute) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return list
}

// api maps the JSON API and its description.
func (h *House) api(e *echo.Echo) {
	described, err := json.Marshal(h.apiOn(e).OpenAPI())
	e.GET("/v1/openapi.json", func(c echo.Context) error {
		if err != nil {
			return fmt.Errorf("describe the API: %w", err)
		}
		return c.JSONBlob(http.StatusOK, described)
	})
}

func (h *House) apiOn(e *echo.Echo) huma.API {
	api := humaecho.New(e, huma.Config{
		OpenAPI:                      h.apiDescription(),
		Formats:                      map[string]huma.Format{"application/json": apiFormat, "json": apiFormat}, // json: also what ends in +json
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	})
	api.UseMiddleware(h.apiEnter, h.apiOnce)
	door := apiDoor{h, api}
	h.apiProgram(door)
	h.apiRules(door)
	h.apiPartners(door)
	h.apiCodes(door)
	h.apiAdjustments(door)
	h.apiCustomers(door)
	h.apiTransactions(door)
	h.apiCommissions(door)
	h.apiInvoices(door)
	h.apiIntegrations(door)
	h.apiEvents(door)
	h.apiRates(door)
	apiNullables(api.OpenAPI().Components.Schemas)
	return api
}

// apiDoor is where operations are registered.
type apiDoor struct {
	house *House
	api   huma.API
}

// apiCall is who calls: the key's company, mode and program decide everything.
type apiCall struct {
	models.Caller
	request string // the request's id, for the log
}

func (c apiCall) actor() models.Actor { return models.Actor{Name: "API key " + c.KeyName} }

type apiCallKey struct{}

// apiAdd registers one operation. Its errors become problems; what it panics with is one of ours.
func apiAdd[I, O any](d apiDoor, method, path string, status int, summary string, do func(context.Context, apiCall, *I) (*O, error)) {
	op := huma.Operation{Method: method, Path: path, DefaultStatus: status, Summary: summary, OperationID: apiOperationID(method, path),
		Tags: []string{strings.Split(path, "/")[2]}}
	if method == http.MethodPost {
		op.Parameters = []*huma.Param{apiIdempotencyParam}
	}
	huma.Register(d.api, op, func(ctx context.Context, in *I) (out *O, err error) {
		call, _ := ctx.Value(apiCallKey{}).(apiCall)
		defer func() {
			if p := recover(); p != nil {
				out, err = nil, d.house.apiProblemOf(call.request, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			}
		}()
		if out, err = do(ctx, call, in); err != nil {
			return nil, d.house.apiProblemOf(call.request, err)
		}
		return out, nil
	})
}

func apiOperationID(method, path string) string {
	words := strings.FieldsFunc(strings.TrimPrefix(path, "/v1/"), func(r rune) bool { return strings.ContainsRune("/{}", r) })
	return strings.ToLower(method) + "-" + strings.Join(words, "-")
}

// apiEnter lets in who holds a key. A key is never logged.
func (h *House) apiEnter(ctx huma.Context, next func(huma.Context)) {
	c := humaecho.Unwrap(ctx)
	call := apiCall{request: requestID(c)}
	scheme, key, _ := strings.Cut(ctx.Header("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(key) == "" {
		apiWrite(c, apiSignedOut("Send your API key in the header: Authorization: Bearer KEY."))
		return
	}
	var err error
	if call.Caller, err = h.Store.Caller(ctx.Context(), strings.TrimSpace(key)); errors.Is(err, models.ErrNotFound) {
		apiWrite(c, apiSignedOut("This API key is not known here. It may have been revoked."))
		return
	} else if err != nil {
		apiWrite(c, h.apiProblemOf(call.request, fmt.Errorf("look up an API key: %s", err)))
		return
	}
	if problem := apiReadable(c); problem != nil {
		apiWrite(c, problem)
		return
	}
	c.Request().Header.Set("Content-Type", "application/json") // bodies are JSON, whatever a script says of them
	next(huma.WithValue(ctx, apiCallKey{}, call))
}

func apiSignedOut(sentence string) *apiProblem {
	p := newAPIProblem(http.StatusUnauthorized, sentence)
	p.header = http.Header{"Www-Authenticate": {`Bearer realm="Portal"`}}
	return p
}

// apiReadable unescapes the path's values, and refuses text that the database cannot hold.
func apiReadable(c echo.Context) *apiProblem {
	values := slices.Clone(c.ParamValues())
	for i, text := range values {
		if c.Request().URL.RawPath != "" {
			text = apiUnescaped(text)
		}
		if !apiIsText(text) {
			return newAPIProblem(http.StatusNotFound, apiNothing)
		}
		values[i] = text
	}
	c.SetParamValues(values...)
	var wrong apiWrong
	for name, texts := range c.QueryParams() {
		if !apiIsText(name) || slices.ContainsFunc(texts, func(text string) bool { return !apiIsText(text) }) {
			wrong.say(strings.ToValidUTF8(name, "?"), "must be text in UTF-8 without zero bytes")
		}
	}
	if wrong == nil {
		return nil
	}
	return newAPIProblem(http.StatusUnprocessableEntity, apiSomethingWrong, wrong...)
}

func apiIsText(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

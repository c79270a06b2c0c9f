package sandbox

import (
	_ "embed"
	"strings"
)

// version is the API version that stripe-go v76 speaks; basil is the first with the new shapes of MONEY.md 1.2.
const (
	version = "2023-10-16"
	basil   = "2025-03-31"
)

//go:embed shapes.json
var shapesJSON []byte

// shapes are the usual fields of each kind of object with the values they have when nothing set them.
var shapes = func() object {
	o, err := decode(shapesJSON)
	if err != nil {
		panic(err)
	}
	return o
}()

func isNew(version string) bool { return version >= basil }

// render shows an object as an API version shows it: with all the usual fields, without the sandbox's notes.
func (a *account) render(o object, version string) object {
	return a.fill(o, version).(object)
}

func (a *account) fill(v any, version string) any {
	if l, ok := v.([]any); ok {
		out := make([]any, len(l))
		for i := range l {
			out[i] = a.fill(l[i], version)
		}
		return out
	}
	o := tree(v)
	if o == nil {
		return v
	}
	out := object{}
	shape := shapes.sub(o.str("object"))
	for k, v := range shape {
		out[k] = a.fill(v, version)
	}
	for k, v := range o {
		if !strings.HasPrefix(k, "_") {
			out[k] = a.fill(v, version)
		}
	}
	if _, ok := shape["livemode"]; ok {
		out["livemode"] = a.isLive()
	}
	if o.str("object") == "invoice" { // a list inside an object holds the first ten
		if lines := out.sub("lines"); len(lines.list("data")) > 10 {
			lines["data"], lines["has_more"] = lines.list("data")[:10], true
		}
	}
	if renew := newShapes[o.str("object")]; renew != nil && isNew(version) {
		renew(out)
	}
	return out
}

func (a *account) isLive() bool { return a.live || a.platform != nil && a.platform.isLive() }

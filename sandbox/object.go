package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
)

// object is a Stripe object as a JSON tree. Only what differs from the kind's shape is kept;
// names that begin with "_" are the sandbox's own notes and are never shown.
type object map[string]any

func decode(raw []byte) (object, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var o object
	if err := d.Decode(&o); err != nil {
		return nil, fmt.Errorf("decode object: %w", err)
	}
	return o, nil
}

// encode cannot fail: trees hold only what JSON knows.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("sandbox: encode %T: %v", v, err))
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

func (o object) str(key string) string {
	s, _ := o[key].(string)
	return s
}

func (o object) flag(key string) bool {
	b, _ := o[key].(bool)
	return b
}

func (o object) num(key string) int64 {
	switch n := o[key].(type) {
	case json.Number:
		i, _ := n.Int64()
		return i
	case int64:
		return n
	case int:
		return int64(n)
	}
	return 0
}

func (o object) sub(key string) object { return tree(o[key]) }

// list is a list of objects, whether bare or in Stripe's list object.
func (o object) list(key string) []any {
	if l, ok := o[key].([]any); ok {
		return l
	}
	l, _ := o.sub(key)["data"].([]any)
	return l
}

func (o object) with(more object) object {
	maps.Copy(o, more)
	return o
}

func tree(v any) object {
	switch m := v.(type) {
	case object:
		return m
	case map[string]any:
		return m
	}
	return nil
}

// null is the value to store for an optional text: nil when empty.
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func listOf(url string, data ...any) object {
	if data == nil {
		data = []any{}
	}
	return object{"object": "list", "url": url, "has_more": false, "data": data}
}

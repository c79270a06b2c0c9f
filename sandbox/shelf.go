package sandbox

import (
	"bytes"
	"encoding/json"
	"slices"
	"sort"
)

// kept is one object as the books keep it.
type kept struct {
	id, kind string
	event    string // of an event: its type
	created  int64
	seq      int // how many were kept before it
	raw      json.RawMessage
}

// shelf holds objects in the order in which they were created, those of the same second as they came.
type shelf []*kept

func earlier(a, b *kept) bool {
	return a.created < b.created || a.created == b.created && a.seq < b.seq
}

// place is where an object stands, or would stand.
func (s shelf) place(k *kept) int {
	return sort.Search(len(s), func(i int) bool { return !earlier(s[i], k) })
}

// since is the place of the first object that was created at a moment or later.
func (s shelf) since(at int64) int {
	return sort.Search(len(s), func(i int) bool { return s[i].created >= at })
}

func (s shelf) with(k *kept) shelf {
	if n := len(s); n == 0 || earlier(s[n-1], k) {
		return append(s, k)
	}
	i := s.place(k)
	if s[i] == k {
		return s
	}
	return slices.Insert(s, i, k)
}

func (s shelf) without(k *kept) shelf {
	if i := s.place(k); i < len(s) && s[i] == k {
		return slices.Delete(s, i, i+1)
	}
	return s
}

// sought are the fields by whose value objects are found without looking at all of them.
var sought = []string{"email", "customer", "payment_intent", "subscription", "charge", "invoice", "product", "source_transaction"}

// file puts an object on its shelves: of its kind, and of each value that one of the sought fields has anywhere in it.
// Who looks there looks again whether the field is the object's own.
func (a *account) file(k *kept, isNew bool) {
	if isNew {
		a.lists[k.kind] = a.lists[k.kind].with(k)
	}
	if k.kind == "event" {
		return
	}
	for _, field := range sought {
		mark := []byte(`"` + field + `":"`)
		for rest := k.raw; ; {
			i := bytes.Index(rest, mark)
			if i < 0 {
				break
			}
			rest = rest[i+len(mark):]
			end := bytes.IndexByte(rest, '"')
			for end > 0 && rest[end-1] == '\\' {
				end += 1 + bytes.IndexByte(rest[end+1:], '"')
			}
			key := k.kind + " " + field + " " + string(rest[:end])
			a.found[key] = a.found[key].with(k)
		}
	}
}

// candidates are all objects of a kind that may have a value in a field; without a field all of the kind.
func (a *account) candidates(kind, field, value string) shelf {
	if field == "" || !slices.Contains(sought, field) || kind == "event" {
		return a.lists[kind]
	}
	coded := encode(value)
	return a.found[kind+" "+field+" "+string(coded[1:len(coded)-1])]
}

// read decodes an object; ok is false when it was deleted.
func (k *kept) read() (o object, ok bool) {
	o, err := decode(k.raw)
	if err != nil || o.flag("_deleted") {
		return nil, false
	}
	return o, true
}

// head is what a shelf must know of an object.
type head struct {
	Created int64  `json:"created"`
	Type    string `json:"type"`
}

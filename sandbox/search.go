package sandbox

import (
	"bytes"
	"slices"
)

// query is what a list request asks for, beyond its page and its span of time.
type query struct {
	url, kind string
	fields    []string            // parameters that are equal to the field of the same name
	since     int64               // nothing older is listed
	skip      func(*kept) bool    // what need not be read; may be nil
	want      func(object) bool   // may be nil
	as        func(object) object // how one is shown; may be nil
}

// search answers a list request, newest first. It reads no more objects than it must.
func (c *call) search(q query) (object, error) {
	limit, err := c.limitOf()
	if err != nil {
		return nil, err
	}
	all := c.a.candidates(q.kind, "", "")
	for _, f := range q.fields {
		if c.form.has(f) && slices.Contains(sought, f) {
			all = c.a.candidates(q.kind, f, c.form.get(f))
			break
		}
	}
	from, to, err := c.span(all)
	if err != nil {
		return nil, err
	}
	from = max(from, all.since(q.since))
	upward := c.form.has("ending_before")
	for _, param := range []string{"starting_after", "ending_before"} {
		if !c.form.has(param) {
			continue
		}
		k := c.a.objects[c.form.get(param)]
		switch {
		case k == nil || k.kind != q.kind:
			return nil, invalid("resource_missing", param, "No such object: '%s'", c.form.get(param))
		case param == "starting_after":
			to = min(to, all.place(k))
		default:
			i := all.place(k)
			if i < len(all) && all[i] == k {
				i++
			}
			from = max(from, i)
		}
	}
	found := c.gather(all, from, to, limit+1, upward, q)
	more := len(found) > limit
	found = found[:min(limit, len(found))]
	if upward {
		slices.Reverse(found)
	}
	out := listOf(q.url, anys(found)...)
	out["has_more"] = more
	return c.show(out)
}

// gather reads what a query wants between two places of a shelf, from its end, or upward from its beginning.
func (c *call) gather(all shelf, from, to, most int, upward bool, q query) (found []object) {
	marks := c.marks(q)
	for n := from; n < to && len(found) < most; n++ {
		i := n
		if !upward {
			i = to - 1 - (n - from)
		}
		k := all[i]
		if q.skip != nil && q.skip(k) || slices.ContainsFunc(marks, func(m []byte) bool { return !bytes.Contains(k.raw, m) }) {
			continue
		}
		o, ok := k.read()
		if !ok || !c.agrees(o, q) {
			continue
		}
		if q.as != nil {
			o = q.as(o)
		}
		found = append(found, o)
	}
	return found
}

// marks are texts that an object has when it has the values that were asked for. A default is not kept, so it has none.
func (c *call) marks(q query) (marks [][]byte) {
	for _, f := range q.fields {
		if c.form.has(f) && c.form.get(f) != "" && shapes.sub(q.kind)[f] == nil {
			m := encode(object{f: c.form.get(f)})
			marks = append(marks, m[1:len(m)-1])
		}
	}
	return marks
}

func (c *call) agrees(o object, q query) bool {
	if q.want != nil && !q.want(o) {
		return false
	}
	return !slices.ContainsFunc(q.fields, func(f string) bool { return c.form.has(f) && text(o.value(f)) != c.form.get(f) })
}

// value is a field as it is shown, with its default.
func (o object) value(field string) any {
	if v, kept := o[field]; kept {
		return v
	}
	return shapes.sub(o.str("object"))[field]
}

// span is the part of a shelf that was created when the request says.
func (c *call) span(all shelf) (from, to int, err error) {
	to = len(all)
	for _, bound := range []struct {
		param       string
		lower, more bool
	}{{"created[gte]", true, false}, {"created[gt]", true, true}, {"created[lt]", false, false}, {"created[lte]", false, true}, {"created", true, false}, {"created", false, true}} {
		n, set, err := c.form.num(bound.param)
		if err != nil {
			return 0, 0, err
		}
		if !set {
			continue
		}
		if bound.more {
			n++
		}
		if bound.lower {
			from = max(from, all.since(n))
		} else {
			to = min(to, all.since(n))
		}
	}
	return from, to, nil
}

func (c *call) limitOf() (int, error) {
	limit, set, err := c.form.num("limit")
	if err != nil {
		return 0, err
	}
	if !set {
		limit = 10
	}
	if limit < 1 || limit > 100 {
		return 0, invalid("parameter_invalid_integer", "limit", "This value must be between 1 and 100.")
	}
	return int(limit), nil
}

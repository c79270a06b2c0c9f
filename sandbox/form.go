package sandbox

import (
	"net/url"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// form is a request's parameters in Stripe's bracket syntax.
type form url.Values

var numbered = regexp.MustCompile(`\[\d+\]`)

// parameters that every list takes, and those of its creation time.
const (
	paging  = " limit starting_after ending_before"
	created = " created created[gt] created[gte] created[lt] created[lte]"
)

// check refuses the first parameter that is not among the known; "name[*]" stands for any below name.
func (f form) check(known string) error {
	allowed := map[string]bool{"expand[]": true}
	for _, k := range strings.Fields(known) {
		allowed[k] = true
		if base, _, ok := strings.Cut(k, "["); ok && (strings.HasSuffix(k, "[*]") || strings.HasSuffix(k, "[]")) {
			allowed[base] = true
		}
	}
	keys := make([]string, 0, len(f))
	for k := range f {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		base, _, _ := strings.Cut(k, "[")
		if !allowed[numbered.ReplaceAllString(k, "[]")] && !allowed[base+"[*]"] {
			return invalid("parameter_unknown", k, "Received unknown parameter: %s", k)
		}
	}
	return nil
}

func (f form) get(key string) string { return url.Values(f).Get(key) }

func (f form) has(key string) bool { return url.Values(f).Has(key) }

// num reads a whole number; set is false when the parameter is absent.
func (f form) num(key string) (n int64, set bool, err error) {
	if !f.has(key) {
		return 0, false, nil
	}
	n, err = strconv.ParseInt(f.get(key), 10, 64)
	if err != nil {
		return 0, true, invalid("parameter_invalid_integer", key, "Invalid integer: %s", f.get(key))
	}
	return n, true, nil
}

func (f form) flag(key string) (bool, error) {
	switch v := f.get(key); v {
	case "true", "1":
		return true, nil
	case "", "false", "0":
		return false, nil
	default:
		return false, invalid("", key, "Invalid boolean: %s", v)
	}
}

// list reads name[], name[0], name[1]… in their order.
func (f form) list(name string) []string {
	out := append([]string{}, f[name+"[]"]...)
	for i := 0; f.has(name + "[" + strconv.Itoa(i) + "]"); i++ {
		out = append(out, f.get(name+"["+strconv.Itoa(i)+"]"))
	}
	return out
}

// tree reads name[a][b]… as an object, or nil when nothing begins with name.
func (f form) tree(name string) object {
	var out object
	for k := range f {
		rest, ok := strings.CutPrefix(k, name+"[")
		if !ok {
			continue
		}
		if out == nil {
			out = object{}
		}
		at := out
		steps := strings.Split(strings.TrimSuffix(rest, "]"), "][")
		for _, step := range steps[:len(steps)-1] {
			if at.sub(step) == nil {
				at[step] = object{}
			}
			at = at.sub(step)
		}
		at[steps[len(steps)-1]] = null(f.get(k))
	}
	return out
}

// below are the parameters name[a], name[b]… under their own names.
func (f form) below(name string) form {
	out := form{}
	for k, v := range f {
		if rest, ok := strings.CutPrefix(k, name+"["); ok {
			first, more, _ := strings.Cut(rest, "]")
			out[first+more] = v
		}
	}
	return out
}

// metadata lays the request's metadata over what there was; an empty value takes a key away.
func (f form) metadata(was object) object {
	out := object{}
	if !f.has("metadata") { // metadata= alone clears it
		out.with(was)
	}
	for k, v := range f.tree("metadata") {
		out[k] = v
		if v == nil {
			delete(out, k)
		}
	}
	return out
}

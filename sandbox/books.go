package sandbox

import (
	"bytes"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// account is what the sandbox keeps of one Stripe account. Objects are kept as their JSON, which is a
// tenth of the memory of a tree.
type account struct {
	Account
	live     bool
	platform *account   // set on connected accounts
	apps     []*account // the platforms that this one is connected to by OAuth
	objects  map[string]*kept
	lists    map[string]shelf // by kind
	found    map[string]shelf // by kind, sought field and value
	last     map[string]int   // how many ids of a prefix were given out
	answers  map[string]*answer
	seq      int
	ahead    time.Duration // its clock, of the sandbox's
	moods
}

// account finds an account's books, and starts them when they are new.
func (s *Sandbox) account(id string) *account {
	a := s.accounts[id]
	if a == nil {
		a = &account{Account: Account{ID: id, PayloadVersion: version}, objects: map[string]*kept{},
			lists: map[string]shelf{}, found: map[string]shelf{}, last: map[string]int{}, answers: map[string]*answer{}}
		s.accounts[id] = a
	}
	return a
}

// call is one action on one account: an API request, or something done in the shop. All it changes
// goes into the journal as one line.
type call struct {
	*Sandbox
	a            *account
	at           time.Time
	form         form
	path         func(string) string
	version      string
	request, key string
	host         string // that the API was asked at
	changes      []change
}

// make begins an object with an id that is the same on every machine: it is derived from the account, the
// prefix and a counter.
func (c *call) make(prefix, kind string, more object) object {
	c.a.last[prefix]++
	n := c.a.last[prefix]
	o := object{"id": c.a.name(prefix, n), "object": kind, "created": c.at.Unix(), "_n": n, "_p": prefix}
	return o.with(more)
}

func (a *account) name(prefix string, n int) string {
	length := 23
	switch prefix {
	case "cus_", "prod_", "si_":
		length = 14
	case "acct_1":
		length = 15
	case "cs_test_a1", "cs_live_a1":
		length = 58
	}
	return prefix + letters(fmt.Sprintf("%s %s %d", a.ID, prefix, n), length)
}

// letters turns a text into that many letters and digits that look drawn by lot and are always the same.
func letters(text string, n int) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	sum := sha512.Sum512([]byte(text))
	out := make([]byte, n)
	for i := range out {
		out[i] = alphabet[int(sum[i])%len(alphabet)]
	}
	return string(out)
}

// put keeps an object as it now is.
func (c *call) put(o object) { c.putIn(c.a, o) }

func (c *call) putIn(a *account, o object) {
	one := change{Account: a.ID, Kind: o.str("object"), ID: o.str("id"), Prefix: o.str("_p"), N: int(o.num("_n")), Object: encode(o),
		head: &head{Created: o.num("created"), Type: o.str("type")}}
	if err := c.keep(a, one); err != nil {
		panic(fmt.Sprintf("sandbox: keep %s: %v", one.ID, err)) // what was just encoded can be decoded
	}
	c.changes = append(c.changes, one)
}

// counterKind is how a counter of ids stands in a journal that was rewritten.
const counterKind = "_counter"

// keep is put without the journal; replaying the journal uses it too.
func (s *Sandbox) keep(a *account, c change) error {
	a.last[c.Prefix] = max(a.last[c.Prefix], c.N)
	switch c.Kind {
	case counterKind:
		return nil
	case clockKind, answerKind, deliveryKind:
		o, err := decode(c.Object)
		if err != nil {
			return err
		}
		switch c.Kind {
		case clockKind:
			a.ahead = time.Duration(o.num("ahead"))
		case answerKind:
			a.answers[c.ID] = readAnswer(o)
		default:
			s.settle(a, c.ID, o)
		}
		return nil
	case "account":
		s.account(c.ID).platform = a
	case grantKind, openedKind:
		if err := s.keepOAuth(a, c); err != nil {
			return err
		}
	}
	k, known := a.objects[c.ID]
	if !known {
		if c.head == nil {
			c.head = &head{}
			if err := json.Unmarshal(c.Object, c.head); err != nil {
				return err
			}
		}
		k = &kept{id: c.ID, kind: c.Kind, event: c.head.Type, created: c.head.Created, seq: a.seq}
		a.seq++
		a.objects[c.ID] = k
	}
	k.raw = c.Object
	a.file(k, !known)
	return nil
}

// get reads an object of a kind; ok is false when there is none or it was deleted.
func (a *account) get(kind, id string) (o object, ok bool) {
	k := a.objects[id]
	if k == nil || kind != "" && k.kind != kind {
		return nil, false
	}
	return k.read()
}

// all reads the objects of a kind, oldest first.
func (a *account) all(kind string) []object { return a.where(kind, "", "") }

// where reads the objects of a kind whose field has a value, oldest first.
func (a *account) where(kind, field, value string) []object {
	var found []object
	mark := encode(object{field: value})
	mark = mark[1 : len(mark)-1]
	for _, k := range a.candidates(kind, field, value) {
		if field != "" && !bytes.Contains(k.raw, mark) {
			continue
		}
		if o, ok := k.read(); ok && (field == "" || o.str(field) == value) {
			found = append(found, o)
		}
	}
	return found
}

// need reads an object named in the path; when there is none the answer is 404.
func (c *call) need(kind, id string) (object, error) {
	if o, ok := c.a.get(kind, id); ok {
		return o, nil
	}
	return nil, missing(404, kind, id, "id")
}

// given reads an object named by a parameter; when there is none the answer is 400.
func (c *call) given(kind, param string) (object, error) {
	id := c.form.get(param)
	if o, ok := c.a.get(kind, id); ok {
		return o, nil
	}
	return nil, missing(400, kind, id, param)
}

// payload is the version of the account's events.
func (a *account) payload() string {
	if a.platform != nil {
		return a.platform.payload()
	}
	return a.PayloadVersion
}

func spoken(kind string) string {
	switch kind {
	case "account":
		return "destination"
	case "payment_method":
		return "PaymentMethod"
	case "checkout.session":
		return "checkout.session"
	}
	return strings.ReplaceAll(kind, ".", "_")
}

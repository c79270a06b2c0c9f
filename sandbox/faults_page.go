package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// faultForm is the part of the page where things are made to go wrong.
type faultForm struct {
	Now     []string // what is wrong at present, in sentences
	Fields  []field
	Waiting int // webhooks that are not delivered yet
}

func (s *Sandbox) faultForm(a *account) faultForm {
	pick := func(name, label, now string, options ...option) field {
		for i := range options {
			options[i].Chosen = options[i].Value == now
		}
		return field{ID: "faults-" + name, Name: name, Label: label, Options: options}
	}
	var answers []option
	for _, t := range []Trouble{NoTrouble, Slow, Silent, Limited, Failing, Unsure, Breaking, Gateway} {
		answers = append(answers, option{Value: string(t), Label: firstUpper(troubleWords[t])})
	}
	onOff := func(on bool) string { return map[bool]string{true: "on"}[on] }
	out := faultForm{Now: s.troubled(a), Waiting: s.waits(a), Fields: []field{
		pick("trouble", "Stripe's API", string(a.trouble), answers...),
		pick("withhold", "Webhooks", onOff(a.withheld), option{Value: "", Label: "Go out at once"}, option{Value: "on", Label: "Are withheld"}),
		pick("twice", "Each webhook", onOff(a.twice), option{Value: "", Label: "Comes once"}, option{Value: "on", Label: "Comes twice"}),
		pick("shuffle", "Their order", onOff(a.shuffle), option{Value: "", Label: "As it happened"}, option{Value: "on", Label: "By chance"}),
	}}
	for i, key := range a.SecretKeys {
		f := pick(fmt.Sprint("key", i), "Key "+hide(key), s.keyState(a, key), s.keyChoices(a, key)...)
		if strings.HasPrefix(key, "sk_") {
			f.Hint = "Stripe takes no rights from secret keys, so Portal does not look for any. Take them from a restricted key."
		}
		out.Fields = append(out.Fields, f)
	}
	return out
}

// keyState is the choice that stands for what a key may do: works, revoked, the one right it lacks, or "kept" when it is none of them.
func (s *Sandbox) keyState(a *account, key string) string {
	granted, restricted := a.Rights[key]
	switch {
	case slices.Contains(a.revoked, key):
		return "revoked"
	case !restricted:
		return ""
	}
	for _, r := range AllBut() {
		if slices.Equal(slices.Sorted(slices.Values(granted)), AllBut(r)) {
			return r
		}
	}
	return "kept"
}

func (s *Sandbox) keyChoices(a *account, key string) []option {
	out := []option{{Value: "", Label: "May do everything"}, {Value: "revoked", Label: "Is revoked"}}
	if s.keyState(a, key) == "kept" {
		out = append(out, option{Value: "kept", Label: "Has the rights it was given"})
	}
	for _, r := range AllBut() {
		out = append(out, option{Value: r, Label: "Lacks " + r})
	}
	return out
}

func firstUpper(words string) string { return strings.ToUpper(words[:1]) + words[1:] }

// connectionPage is where Portal shows how it stands with Stripe.
const connectionPage = "/admin/connection"

// setFaults does what the form of the faults says.
func (s *Sandbox) setFaults(account string, r *http.Request) (done, error) {
	if r.PostFormValue("drop") != "" {
		n, err := s.Drop(account)
		return done{words: counted(n, "webhook was", "webhooks were") + " dropped: nobody will be told by them.", see: connectionPage}, err
	}
	if err := s.Trouble(account, Trouble(r.PostFormValue("trouble"))); err != nil {
		return done{}, err
	}
	s.Withhold(account, r.PostFormValue("withhold") == "on")
	s.Duplicate(account, r.PostFormValue("twice") == "on")
	s.Shuffle(account, r.PostFormValue("shuffle") == "on")
	for i, key := range s.keysOf(account) {
		name := fmt.Sprint("key", i)
		switch choice := r.PostFormValue(name); {
		case !r.PostForm.Has(name) || choice == "kept":
		case choice == "revoked":
			s.RevokeKey(key)
		case choice == "":
			s.RestoreKey(key)
			s.Allow(key, nil)
		case slices.Contains(AllBut(), choice):
			s.RestoreKey(key)
			s.Allow(key, AllBut(choice))
		default:
			return done{}, invalid("", name, "There is no right %q.", choice)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.troubled(s.account(account))
	if len(now) == 0 {
		now = []string{"Everything works."}
	}
	return done{words: strings.Join(now, " "), see: connectionPage}, nil
}

func (s *Sandbox) keysOf(account string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.account(account).SecretKeys)
}

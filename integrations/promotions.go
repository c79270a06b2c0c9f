package integrations

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"portal/models"
	"portal/store"
)

// ourPartner is the metadata that names a promotion code's partner (MONEY.md 3.5).
const ourPartner = "partner_key"

// NewCode is a promotion code to be made in Stripe for a partner, of the program's coupon.
type NewCode struct {
	Code      string
	FirstTime bool          // for a customer's first payment only
	Minimum   *models.Money // that the order must come to; nil for none
	Most      int           // how often it may be used; 0 for any number of times
	Until     *time.Time    // nil for no end
}

// GiveCode makes a promotion code in Stripe from the program's coupon, and gives it to a partner: a payment that comes with
// it is theirs (F33; MONEY.md 3.5). What is wrong with the code is a FieldErrors, before Stripe is asked where it can be
// seen; a code that is in use is one that names a free one. A code that was made, and whose saving here failed, is found
// again by the same call: nothing is made twice. Where Stripe cannot be asked now it is an ErrLater, with a sentence.
func (in *Integrations) GiveCode(ctx context.Context, c models.Caller, partner models.PartnerID, want NewCode, who models.Actor) (p models.PromotionCode, err error) {
	want.Code = strings.TrimSpace(want.Code)
	if err := want.check(in.Now()); err != nil {
		return p, err
	}
	to, err := in.Store.Partner(ctx, c.Tenant, partner)
	if err != nil {
		return p, err
	}
	coupon, err := in.Store.ProgramCoupon(ctx, c)
	switch {
	case errors.Is(err, models.ErrNotFound):
		return p, models.Refuse(models.ErrConflict, "The program has no coupon yet. Choose one first: codes are made from it.")
	case err != nil:
		return p, err
	case coupon.Gone || !coupon.Valid:
		return p, models.Refuse(models.ErrConflict, "The program's coupon was deleted in Stripe, or can be used no more. Choose another one.")
	}
	s, err := in.toWrite(ctx, c)
	if err != nil {
		return p, err
	}
	if err := in.othersText(ctx, c, to, want.Code); err != nil {
		return p, err
	}
	if raw, err := in.ours(ctx, s, c, to, want.Code); raw != nil || err != nil {
		if err != nil {
			return p, err
		}
		return in.given(ctx, c, to, raw, who)
	}
	form := want.form(c, to, coupon)
	made := s
	made.once = keyFor("code", form, in.Now().Truncate(10*time.Minute).String()) // an answer that failed is kept for it, too
	var raw json.RawMessage
	if err := made.post(ctx, "/v1/promotion_codes", form, &raw); err != nil {
		found, sought := in.ours(ctx, s, c, to, want.Code)
		switch {
		case errors.Is(sought, models.ErrInvalid):
			return p, sought
		case found == nil:
			return p, notMade(err, "code")
		}
		raw = found
	}
	return in.given(ctx, c, to, raw, who)
}

// given keeps a promotion code that is in Stripe, and that it stands for a partner.
func (in *Integrations) given(ctx context.Context, c models.Caller, to models.Partner, raw json.RawMessage, who models.Actor) (models.PromotionCode, error) {
	var o catalogObject
	if err := json.Unmarshal(raw, &o); err != nil || o.ID == "" {
		return models.PromotionCode{}, notKnown
	}
	p := o.promotion(c.Program, time.Unix(o.Created, 0).UTC())
	p.PartnerKey, p.Program = to.Key, c.Program
	if err := in.Store.KeepPromotions(ctx, c, []models.PromotionCode{p}); err != nil {
		return p, err
	}
	err := in.Inbox.AdoptCode(ctx, c.Tenant, p.ID, to.ID, p.CreatedAt, who)
	if errors.Is(err, models.ErrConflict) { // its event was quicker
		known, named := in.Store.CodesNamed(ctx, c.Tenant, []string{models.NormalCode(p.ID)})
		if named == nil && len(known) > 0 && known[0].Partner == to.ID {
			return p, nil
		}
	}
	return p, err
}

// check is what of a code can be seen to be wrong without asking Stripe.
func (w NewCode) check(now time.Time) error {
	var wrong models.FieldErrors
	add := func(field, message string) {
		wrong = append(wrong, models.FieldError{Field: field, Message: message})
	}
	if trouble := models.CodeTrouble(w.Code); trouble != "" {
		add("code", trouble)
	}
	if w.Minimum != nil && w.Minimum.Minor < 1 {
		add("minimum", "must be above zero")
	}
	if w.Most < 0 {
		add("most", "must be 1 or more")
	}
	if w.Until != nil && !w.Until.After(now) {
		add("until", "must be in the future")
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

// ending is what ends a promotion code: Stripe deletes none (MONEY.md 3.5).
func ending() url.Values { return url.Values{"active": {"false"}} }

func (w NewCode) form(c models.Caller, to models.Partner, coupon models.Coupon) url.Values {
	form := url.Values{"coupon": {coupon.ID}, "code": {w.Code}, "metadata[" + ourPartner + "]": {to.Key}, "metadata[" + ourMark + "]": {c.Program.String()}}
	if w.FirstTime {
		form.Set("restrictions[first_time_transaction]", "true")
	}
	if w.Minimum != nil {
		form.Set("restrictions[minimum_amount]", strconv.FormatInt(w.Minimum.Minor, 10))
		form.Set("restrictions[minimum_amount_currency]", string(w.Minimum.Currency))
	}
	if w.Most > 0 {
		form.Set("max_redemptions", strconv.Itoa(w.Most))
	}
	if w.Until != nil {
		form.Set("expires_at", strconv.FormatInt(w.Until.Unix(), 10))
	}
	return form
}

// keyFor is the same for the same thing to be made, and another for any other.
func keyFor(what string, form url.Values, more string) string {
	sum := sha256.Sum256([]byte(form.Encode() + "\n" + more))
	return "portal-" + what + "-" + hex.EncodeToString(sum[:16])
}

// toWrite is Stripe as a program may write to it.
func (in *Integrations) toWrite(ctx context.Context, c models.Caller) (stripeAPI, error) {
	i, err := in.asked(ctx, c.Tenant, c.Program, models.SourceStripe)
	if err != nil {
		return stripeAPI{}, err
	}
	if !in.MayAsk(i) {
		return stripeAPI{}, models.Refuse(models.ErrConflict, "Connect Stripe first: Portal has no key to ask with.")
	}
	return in.reach(i), nil
}

// othersText refuses a text that stands for another partner here: a sale with it would be both's.
func (in *Integrations) othersText(ctx context.Context, c models.Caller, to models.Partner, code string) error {
	known, err := in.Store.CodesNamed(ctx, c.Tenant, []string{models.NormalCode(code)})
	if err != nil {
		return err
	}
	for _, k := range known {
		if k.Until == nil && k.Partner != to.ID {
			return models.Invalid("code", "stands for partner "+k.PartnerKey+" already; choose another")
		}
	}
	return nil
}

// ours is the active code of a text when it was made for this partner before, and its saving failed then; nil when there is
// none. A text that another code has is a FieldErrors, which names a free one.
func (in *Integrations) ours(ctx context.Context, s stripeAPI, c models.Caller, to models.Partner, code string) (json.RawMessage, error) {
	found, err := s.called(ctx, code)
	if err != nil {
		return nil, notMade(err, "code")
	}
	for _, raw := range found {
		var o catalogObject
		if json.Unmarshal(raw, &o) == nil && o.Metadata[ourPartner] == to.Key && o.Metadata[ourMark] == c.Program.String() {
			return raw, nil
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	message := "is in use in Stripe already, and each active code is one of a kind"
	if free := s.free(ctx, code); free != "" {
		message += "; " + free + " is free"
	}
	return nil, models.Invalid("code", message)
}

// called are the active promotion codes of a text.
func (s stripeAPI) called(ctx context.Context, code string) ([]json.RawMessage, error) {
	var list struct{ Data []json.RawMessage }
	err := s.get(ctx, pinned, "/v1/promotion_codes", url.Values{"code": {code}, "active": {"true"}, "limit": {"10"}}, &list)
	return list.Data, err
}

// free is a text like another that no active code has; empty when none was found soon.
func (s stripeAPI) free(ctx context.Context, code string) string {
	for n := 2; n < 8; n++ {
		text := fmt.Sprintf("%s-%d", code, n)
		if found, err := s.called(ctx, text); err == nil && len(found) == 0 && models.CodeTrouble(text) == "" {
			return text
		} else if err != nil {
			return ""
		}
	}
	return ""
}

// notKnown is said when it is not known whether something was made. Asked again, it is found and not made twice.
var notKnown = models.Refuse(models.ErrLater, "Stripe did not answer, so it is not known whether that was made. Send it again as it is: it is not made twice.")

// notMade says in a sentence why something could not be made or changed in Stripe.
func notMade(err error, field string) error {
	var r refusal
	switch {
	case !errors.As(err, &r) && errors.Is(err, models.ErrLater):
		return notKnown
	case !errors.As(err, &r):
		return err
	case r.Status == http.StatusUnauthorized:
		return models.Refuse(models.ErrConflict, "Stripe refuses the API key. Connect a new one; nothing was changed.")
	case r.Status == http.StatusForbidden:
		return models.Refuse(models.ErrConflict, "The API key lacks the right to do that. Add it on the page Connection; nothing was changed.")
	case r.Status == http.StatusTooManyRequests:
		return models.Refuse(models.ErrLater, "Stripe is asked too much just now. Nothing was changed; send it again in a minute.")
	case r.Status >= 500:
		return notKnown
	}
	return models.Invalid(field, "is refused by Stripe: "+plain(r.Body.Error.Message))
}

// EndCode deactivates a promotion code in Stripe: nobody can use it any more. What was sold with it, and what still will be
// by subscriptions that have it, stays its partner's. It can be deactivated there already, or be gone: that is no error.
func (in *Integrations) EndCode(ctx context.Context, c models.Caller, id string, who models.Actor) error {
	known, err := in.Store.PromotionsNamed(ctx, c.Tenant, []string{id})
	if err != nil {
		return err
	}
	p, ok := known[id]
	if !ok {
		return fmt.Errorf("promotion code %q: %w", id, models.ErrNotFound)
	}
	c.Program = p.Program
	s, err := in.toWrite(ctx, c)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	err = s.post(ctx, "/v1/promotion_codes/"+url.PathEscape(id), ending(), &raw)
	if gone(err) {
		err = nil
	} else if err != nil {
		return notMade(err, "code")
	}
	p.Active, p.ToldAt = false, s.second()
	return in.Store.InTx(ctx, func(tx *store.Store) error {
		return errors.Join(tx.KeepPromotions(ctx, c, []models.PromotionCode{p}), tx.Audited(ctx, c.Company, who, "code.deactivated", p.PartnerKey, p.Code, s.now()))
	})
}

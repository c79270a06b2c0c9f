package integrations

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"time"

	"portal/models"
	"portal/store"
)

// ChooseCoupon says of which of the coupons that are in Stripe a program gives its partners codes from now on.
func (in *Integrations) ChooseCoupon(ctx context.Context, c models.Caller, id string, who models.Actor) error {
	coupon, err := in.Store.CouponNamed(ctx, c, id)
	if errors.Is(err, models.ErrNotFound) || err == nil && (coupon.Gone || !coupon.Valid) {
		return models.Invalid("coupon", "is no coupon that can be used; choose one from the list")
	} else if err != nil {
		return err
	}
	now := in.Now().UTC().Truncate(time.Microsecond)
	return in.Store.InTx(ctx, func(tx *store.Store) error {
		return errors.Join(tx.SetProgramCoupon(ctx, c, id, who.Name, now), tx.Audited(ctx, c.Company, who, "coupon.chosen", c.Program.String(), id, now))
	})
}

// MakeCoupon makes a coupon in Stripe and chooses it. What is wrong with it is a FieldErrors.
func (in *Integrations) MakeCoupon(ctx context.Context, c models.Caller, want models.Coupon, who models.Actor) error {
	if err := checkCoupon(want); err != nil {
		return err
	}
	s, err := in.toWrite(ctx, c)
	if err != nil {
		return err
	}
	form := url.Values{"name": {want.Name}, "duration": {want.Duration}, "metadata[" + ourMark + "]": {c.Program.String()}}
	if want.PercentOff != "" {
		form.Set("percent_off", want.PercentOff)
	} else {
		form.Set("amount_off", strconv.FormatInt(want.AmountOff, 10))
		form.Set("currency", string(want.Currency))
	}
	if want.Duration == "repeating" {
		form.Set("duration_in_months", strconv.Itoa(want.Months))
	}
	mark := keyFor("coupon", form, "")
	form.Set("metadata["+ourCoupon+"]", mark)
	raw, err := s.couponMarked(ctx, mark)
	if err == nil && raw == nil {
		s.once = keyFor("coupon", form, in.Now().Truncate(10*time.Minute).String())
		err = s.post(ctx, "/v1/coupons", form, &raw)
	}
	if err != nil {
		return notMade(err, "off")
	}
	var made struct{ ID string }
	if err := json.Unmarshal(raw, &made); err != nil || made.ID == "" {
		return notKnown
	}
	if err := in.keepCatalog(ctx, c, "coupons", s.second(), []json.RawMessage{raw}); err != nil {
		return err
	}
	return in.ChooseCoupon(ctx, c, made.ID, who)
}

// ourCoupon is the metadata by which a coupon that we made is found again.
const ourCoupon = "portal_coupon"

// couponMarked is a coupon that we made before with just these terms and that can be used; nil when there is none among
// the newest.
func (s stripeAPI) couponMarked(ctx context.Context, mark string) (json.RawMessage, error) {
	var list struct{ Data []json.RawMessage }
	if err := s.get(ctx, pinned, "/v1/coupons", url.Values{"limit": {"100"}}, &list); err != nil {
		return nil, err
	}
	for _, raw := range list.Data {
		var o catalogObject
		if json.Unmarshal(raw, &o) == nil && o.Metadata[ourCoupon] == mark && o.Valid {
			return raw, nil
		}
	}
	return nil, nil
}

func checkCoupon(w models.Coupon) error {
	var wrong models.FieldErrors
	add := func(field, message string) {
		wrong = append(wrong, models.FieldError{Field: field, Message: message})
	}
	if n := len([]rune(w.Name)); n == 0 || n > 40 {
		add("name", "must be 1 to 40 characters long: customers see it")
	}
	if w.PercentOff == "" && w.AmountOff < 1 {
		add("off", "must be above zero")
	}
	if w.Duration != "once" && w.Duration != "forever" && w.Duration != "repeating" {
		add("duration", "must be once, forever or some months")
	}
	if w.Duration == "repeating" && (w.Months < 1 || w.Months > 120) {
		add("months", "must be a whole number from 1 to 120")
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

package sources

import (
	"slices"

	"portal/models"
)

// noteDiscounts puts on a telling the codes and coupons that took something off. A discount of which only the id came is
// left to be read: what it stands for is known from elsewhere, or asked for (MONEY.md 1.2). Discounts of any other shape
// name nobody.
func (o object) noteDiscounts(t *models.Telling, place string) {
	var all []any
	for _, path := range []string{"discounts", "discount", "total_details.breakdown.discounts", "total_discount_amounts"} {
		switch v := o.value(path).(type) {
		case []any:
			all = append(all, v...)
		case map[string]any:
			all = append(all, v)
		}
	}
	var ids []string // discounts that came as ids
	read := map[string]bool{}
	for _, one := range all {
		fields, ok := one.(map[string]any)
		if inner := (object{fields: fields}).value("discount"); ok && inner != nil { // an amount, and the discount it is of
			one = inner
			fields, ok = inner.(map[string]any)
		}
		if !ok {
			ids = append(ids, word(one))
			continue
		}
		discount := object{fields: fields}
		clues, unread := discount.discounted(place)
		if len(clues) == 0 {
			ids = append(ids, idOf(fields))
			continue
		}
		read[idOf(fields)] = true
		for _, clue := range clues {
			t.Clues.Coupons = added(t.Clues.Coupons, clue)
		}
		if unread != "" {
			t.Clues.Unread = added(t.Clues.Unread, unread)
		}
	}
	for _, id := range ids {
		if id != "" && !read[id] {
			t.Clues.Unread = added(t.Clues.Unread, id)
		}
	}
}

// discounted are the clues of a discount: its promotion code's text and id, then its coupon. Unread is a promotion code
// of which only the id came.
func (o object) discounted(place string) (clues []models.Clue, unread string) {
	add := func(name, value string) {
		if value != "" {
			clues = append(clues, models.Clue{Place: place, Name: name, Value: value})
		}
	}
	code, _ := o.value("promotion_code.code").(string)
	promotion := idOf(o.value("promotion_code"))
	add("code", clean(code))
	add("promotion_code", promotion)
	if code == "" {
		unread = promotion
	}
	for _, path := range []string{"source.coupon", "coupon", "promotion_code.promotion.coupon", "promotion_code.coupon"} {
		if coupon := idOf(o.value(path)); coupon != "" {
			add("coupon", coupon)
			break
		}
	}
	return clues, unread
}

// idOf is an id, or that of an object that has one; empty for anything else.
func idOf(v any) string {
	if inner, ok := v.(map[string]any); ok {
		v = inner["id"]
	}
	return word(v)
}

func added[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

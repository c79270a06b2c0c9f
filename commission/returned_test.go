package commission

import (
	"testing"
	"time"

	"portal/models"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func usd(minor int64) models.Money { return models.Money{Minor: minor, Currency: "usd"} }

// reversal makes one of charge ch_1, made and told some minutes after noon.
func reversal(kind models.ReversalKind, key string, state models.ReversalState, amount int64, made, at int) models.Reversal {
	return models.Reversal{Kind: kind, Key: key, Charge: "ch_1", State: state, Amount: usd(amount), Made: noon.Add(time.Duration(made) * time.Minute), At: noon.Add(time.Duration(at) * time.Minute)}
}

// Each row is one of MONEY.md 2.5.
func TestWhatWentBackIsCountedFromTheStates(t *testing.T) {
	t.Parallel()
	total := func(amount int64, at int) models.Reversal {
		return reversal(models.RefundTotal, "ch_1", models.Takes, amount, at, at)
	}
	refund := func(key string, amount int64, at int) models.Reversal {
		return reversal(models.Refund, key, models.Takes, amount, at, at)
	}
	for name, c := range map[string]struct {
		reversals []models.Reversal
		want      int64
		held      bool
	}{
		"nothing": {nil, 0, false},
		"partial refund, told by the charge alone":    {[]models.Reversal{total(2500, 1)}, 2500, false},
		"partial refund, told by the refund alone":    {[]models.Reversal{refund("re_1", 2500, 1)}, 2500, false},
		"partial refund, told by both":                {[]models.Reversal{refund("re_1", 2500, 1), total(2500, 1)}, 2500, false},
		"several partials, one not told by itself":    {[]models.Reversal{refund("re_2", 3000, 2), total(5500, 2)}, 5500, false},
		"several partials, the total not yet told":    {[]models.Reversal{refund("re_1", 2500, 1), refund("re_2", 3000, 2), total(2500, 1)}, 5500, false},
		"the rest of an authorisation is released":    {[]models.Reversal{refund("re_1", 4000, 1), total(0, 2)}, 0, false},
		"refund fails, the total still from before":   {[]models.Reversal{reversal(models.Refund, "re_1", models.Rests, 2500, 1, 9), total(2500, 1)}, 0, false},
		"refund fails, the total told again":          {[]models.Reversal{reversal(models.Refund, "re_1", models.Rests, 2500, 1, 9), total(0, 9)}, 0, false},
		"one fails, another stays":                    {[]models.Reversal{reversal(models.Refund, "re_1", models.Rests, 2500, 1, 9), refund("re_2", 3000, 2), total(5500, 2)}, 3000, false},
		"dispute opened":                              {[]models.Reversal{reversal(models.Dispute, "dp_1", models.Holds, 10000, 1, 1)}, 0, true},
		"inquiry":                                     {[]models.Reversal{reversal(models.Dispute, "dp_1", models.Rests, 10000, 1, 1)}, 0, false},
		"lost":                                        {[]models.Reversal{reversal(models.Dispute, "dp_1", models.Takes, 10000, 1, 5)}, 10000, false},
		"lost after a partial refund, together whole": {[]models.Reversal{refund("re_1", 2500, 1), reversal(models.Dispute, "dp_1", models.Takes, 10000, 2, 5)}, 10000, false},
		"lost in part":                                {[]models.Reversal{reversal(models.Dispute, "dp_1", models.Takes, 4000, 2, 5)}, 4000, false},
		"credit note paid back outside":               {[]models.Reversal{{Kind: models.CreditNote, Key: "cn_1", State: models.Takes, Amount: usd(3000), Made: noon, At: noon}}, 3000, false},
		"credit note voided":                          {[]models.Reversal{{Kind: models.CreditNote, Key: "cn_1", State: models.Rests, Amount: usd(3000), Made: noon, At: noon}}, 0, false},
		"more than there is":                          {[]models.Reversal{refund("re_1", 90000, 1)}, 10000, false},
	} {
		got := Returned(usd(10000), map[string]models.Money{"ch_1": usd(10000)}, c.reversals)
		var parts int64
		for _, part := range got.Parts {
			parts += part
		}
		if got.Total != c.want || got.Held != c.held || parts != got.Total || got.Refunded+got.Lost != got.Total {
			t.Errorf("%s: %+v, want %d, held %v", name, got, c.want, c.held)
		}
	}
}

// MONEY.md 0.9, 2.4: another currency, or a charge above the invoice, counts by its share.
func TestAReversalCountsByItsShareOfTheCharge(t *testing.T) {
	t.Parallel()
	eur := models.Reversal{Kind: models.Refund, Key: "re_1", Charge: "ch_1", State: models.Takes, Amount: models.Money{Minor: 4600, Currency: "eur"}, Made: noon, At: noon}
	if b := Returned(usd(10000), map[string]models.Money{"ch_1": {Minor: 9200, Currency: "eur"}}, []models.Reversal{eur}); b.Total != 5000 {
		t.Errorf("half of a charge in euro: %+v", b)
	}
	lost := models.Reversal{Kind: models.Dispute, Key: "dp_1", Charge: "ch_1", State: models.Takes, Amount: models.Money{Minor: 9500, Currency: "eur"}, Made: noon, At: noon}
	if b := Returned(usd(10000), map[string]models.Money{"ch_1": usd(10000)}, []models.Reversal{lost}); b.Total != 10000 || b.Lost != 10000 {
		t.Errorf("lost in a currency that is not the charge's: %+v", b)
	}
	over := reversal(models.Refund, "re_1", models.Takes, 6000, 0, 0)
	if b := Returned(usd(10000), map[string]models.Money{"ch_1": usd(12000)}, []models.Reversal{over}); b.Total != 5000 {
		t.Errorf("half of an overpaid charge: %+v", b)
	}
	if b := Returned(usd(10000), nil, []models.Reversal{eur}); b.Total != 0 {
		t.Errorf("another currency without its charge: %+v", b)
	}
}

package integrations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"portal/models"
	"portal/sources"
	"portal/store"
)

// SyncCatalog brings a program's products, prices, coupons and promotion codes from Stripe, whole: names for ids, and what
// became of the partners' codes (F17, F33). What one list refuses does not keep the others away.
func (in *Integrations) SyncCatalog(ctx context.Context, t models.Tenant, program models.ProgramID) error {
	c := models.Caller{Tenant: t, Program: program}
	i, err := in.asked(ctx, t, program, models.SourceStripe)
	if err != nil {
		return err
	}
	s := in.reach(i)
	begun := s.now()
	y := models.Sync{Tenant: t, Program: program, Kind: models.SyncOfCatalog, State: models.SyncRunning, MadeBy: "Portal", StartedAt: begun, BeatAt: begun}
	if !in.MayAsk(i) {
		y.State, y.Because = models.SyncFailed, "No API key is connected."
	}
	if err := in.Store.SaveSync(ctx, y); err != nil || !in.MayAsk(i) {
		return err
	}
	var trouble []error
	for _, l := range catalog {
		asked := s.second()
		err := s.each(ctx, "/v1/"+l.name, url.Values{}, func(page []json.RawMessage) error {
			y.Seen += len(page)
			return in.keepCatalog(ctx, c, l.name, asked, page)
		})
		if err == nil && l.table != "" {
			err = in.Store.ForgetUntold(ctx, c, l.table, asked)
		}
		if err != nil {
			trouble = append(trouble, err)
		}
	}
	if err := in.Store.EndPromotionsOf(ctx, c); err != nil {
		return err
	}
	y.State, y.FinishedAt, y.BeatAt = models.SyncDone, new(s.now()), s.now()
	var ours []error
	for _, err := range trouble {
		y.State = models.SyncFailed
		if text := standsInTheWay(err); !strings.Contains(y.Because, text) {
			y.Because = strings.TrimSpace(y.Because + " " + text)
		}
		ours = append(ours, unknownTrouble(err))
	}
	return errors.Join(append(ours, in.Store.SaveSync(ctx, y))...)
}

// catalog is the lists that a catalog is made of, and where what is not listed any more is marked as gone.
var catalog = []struct{ name, table string }{{"products", "products"}, {"prices", "prices"}, {"coupons", "coupons"}, {"promotion_codes", ""}}

// KeepCatalogEvent keeps what one event says of a product, a price, a coupon or a promotion code.
func (in *Integrations) KeepCatalogEvent(ctx context.Context, t models.Tenant, id models.EventID) error {
	e, err := in.Store.Event(ctx, t, id)
	if err != nil {
		return err
	}
	var event struct {
		Created int64
		Data    struct{ Object json.RawMessage }
	}
	if err := json.Unmarshal(e.Body, &event); err != nil || !sources.InCatalog(e.Type) {
		return nil // it was said on the event, and the next sync shows it
	}
	c := models.Caller{Tenant: t, Program: e.Program}
	noun, what, _ := strings.Cut(e.Type, ".")
	raw := event.Data.Object
	if what == "deleted" {
		var gone map[string]json.RawMessage
		if err := json.Unmarshal(event.Data.Object, &gone); err != nil {
			return nil
		}
		gone["deleted"] = json.RawMessage("true")
		if raw, err = json.Marshal(gone); err != nil {
			return err
		}
	}
	err = in.keepCatalog(ctx, c, noun+"s", time.Unix(event.Created, 0).UTC(), []json.RawMessage{raw})
	if errors.Is(err, unreadable) { // and will be the next time
		return nil
	} else if err != nil {
		return err
	}
	return in.Store.EndPromotionsOf(ctx, c)
}

// keepCatalog keeps a page of one of the lists, as it was at a moment.
func (in *Integrations) keepCatalog(ctx context.Context, c models.Caller, list string, at time.Time, page []json.RawMessage) error {
	objects := make([]catalogObject, len(page))
	for n, raw := range page {
		if err := json.Unmarshal(raw, &objects[n]); err != nil {
			return unreadable
		}
	}
	objects = slices.DeleteFunc(objects, func(o catalogObject) bool { return o.ID == "" })
	switch list {
	case "products":
		return in.Store.KeepProducts(ctx, c, eachOf(objects, at, catalogObject.product))
	case "prices":
		return in.Store.KeepPrices(ctx, c, eachOf(objects, at, catalogObject.price))
	case "coupons":
		return in.Store.KeepCoupons(ctx, c, eachOf(objects, at, catalogObject.coupon))
	}
	return in.keepPromotions(ctx, c, eachOf(objects, at, func(o catalogObject, at time.Time) models.PromotionCode { return o.promotion(c.Program, at) }))
}

func eachOf[T any](objects []catalogObject, at time.Time, read func(catalogObject, time.Time) T) []T {
	list := make([]T, 0, len(objects))
	for _, o := range objects {
		list = append(list, read(o, at))
	}
	return list
}

// keepPromotions keeps promotion codes, and gives those that were made in Stripe for a partner of ours to that partner,
// from when they were made: nobody else's payment can have come with them (F33).
func (in *Integrations) keepPromotions(ctx context.Context, c models.Caller, list []models.PromotionCode) error {
	if err := in.Store.KeepPromotions(ctx, c, list); err != nil {
		return err
	}
	made := map[string]models.PromotionCode{}
	var ids []string
	for _, p := range list {
		made[p.ID], ids = p, append(ids, p.ID)
	}
	found, err := in.Store.Adoptables(ctx, c, ids)
	if err != nil {
		return err
	}
	for _, a := range found {
		if made[a.ID].ForOther {
			continue
		}
		err := in.Inbox.AdoptCode(ctx, c.Tenant, a.ID, a.Partner, made[a.ID].CreatedAt, models.Actor{Name: "Stripe"})
		if err != nil && !errors.Is(err, models.ErrConflict) { // a conflict: somebody was quicker
			return fmt.Errorf("take over promotion code %s: %w", a.ID, err)
		}
	}
	return nil
}

// catalogObject is what of these objects of Stripe's is kept.
type catalogObject struct {
	ID         string
	Name       string
	Active     bool
	Deleted    bool
	Created    int64
	Product    expandable
	Nickname   string
	UnitAmount *int64 `json:"unit_amount"`
	Currency   string
	Recurring  *struct {
		Interval string
		Count    int `json:"interval_count"`
	}
	PercentOff json.Number `json:"percent_off"`
	AmountOff  int64       `json:"amount_off"`
	Duration   string
	Months     int `json:"duration_in_months"`
	Valid      bool
	Code       string
	Coupon     json.RawMessage
	Promotion  struct{ Coupon expandable } // where newer versions name the coupon
	Redeemed   int                         `json:"times_redeemed"`
	Metadata   map[string]string
}

func (o catalogObject) product(at time.Time) models.Product {
	return models.Product{ID: o.ID, Name: plain(o.Name), Active: o.Active, Gone: o.Deleted, ToldAt: at}
}

func (o catalogObject) price(at time.Time) models.Price {
	p := models.Price{ID: o.ID, Product: string(o.Product), Nickname: plain(o.Nickname), Minor: o.UnitAmount, Currency: models.Currency(o.Currency), Active: o.Active, Gone: o.Deleted, ToldAt: at}
	if r := o.Recurring; r != nil {
		if p.Every = r.Interval; r.Count > 1 {
			p.Every = fmt.Sprintf("%d %ss", r.Count, r.Interval)
		}
	}
	return p
}

func (o catalogObject) coupon(at time.Time) models.Coupon {
	return models.Coupon{ID: o.ID, Name: plain(o.Name), PercentOff: o.PercentOff.String(), AmountOff: o.AmountOff, Currency: models.Currency(o.Currency),
		Duration: o.Duration, Months: o.Months, Valid: o.Valid && !o.Deleted, Gone: o.Deleted, ToldAt: at}
}

func (o catalogObject) promotion(program models.ProgramID, at time.Time) models.PromotionCode {
	coupon := o.Promotion.Coupon
	if len(o.Coupon) > 0 {
		_ = coupon.UnmarshalJSON(o.Coupon) // of another shape it names none
	}
	p := models.PromotionCode{ID: o.ID, Code: plain(o.Code), Coupon: string(coupon), PartnerKey: plain(o.Metadata[ourPartner]), Active: o.Active, Redeemed: o.Redeemed, ToldAt: at,
		CreatedAt: time.Unix(o.Created, 0).UTC()}
	if named := o.Metadata[ourMark]; named != "" && named != program.String() {
		p.ForOther = true
	}
	return p
}

// plain is a foreign text as a database and a page can keep it.
func plain(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "")))
}

// promiseCatalogs queues the catalogs that are due: once a day, and an hour after one that failed.
func (in *Integrations) promiseCatalogs(ctx context.Context) error {
	due, err := in.Store.CatalogsDue(ctx, in.Now().Add(-24*time.Hour), in.Now().Add(-time.Hour))
	if err != nil {
		return err
	}
	for _, c := range due {
		if err := in.Store.InTx(ctx, func(tx *store.Store) error {
			return tx.Enqueue(ctx, models.SyncCatalog{Company: c.Company, Mode: c.Mode, Program: c.Program}, nil)
		}); err != nil {
			return err
		}
	}
	return nil
}

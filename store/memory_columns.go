package store

import (
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// What each table is written with. Every column stands here, or among those that memory leaves alone: a test compares.
var (
	customerFields = []field[*keptCustomer]{
		{"id", "uuid", func(k *keptCustomer) any { return k.ID }},
		{"key", "text", func(k *keptCustomer) any { return k.Key }},
		{"email", "text", func(k *keptCustomer) any { return k.Email }},
		{"name", "text", func(k *keptCustomer) any { return k.Name }},
		{"stripe_customer_id", "text", func(k *keptCustomer) any { return k.StripeID }},
		{"taught_by_email", "boolean", func(k *keptCustomer) any { return k.Taught }},
		{"stripe_id_since", "timestamptz", func(k *keptCustomer) any { return k.StripeIDSince }},
		{"composite", "boolean", func(k *keptCustomer) any { return k.Composite }},
		{"created_at", "timestamptz", func(k *keptCustomer) any { return k.CreatedAt }},
		{"told_id", "text", func(k *keptCustomer) any { return k.ToldID }},
		{"email_set", "boolean", func(k *keptCustomer) any { return k.EmailSet }},
	}
	paymentFields = []field[*keptPayment]{
		{"id", "uuid", func(p *keptPayment) any { return p.ID }},
		{"program_id", "uuid", func(p *keptPayment) any { return p.Program }},
		{"source", "text", func(p *keptPayment) any { return string(p.Source) }},
		{"key", "text", func(p *keptPayment) any { return p.Key }},
		{"counted", "boolean", func(p *keptPayment) any { return p.Counted }},
		{"kind", "text", func(p *keptPayment) any { return string(p.Kind) }},
		{"status", "text", func(p *keptPayment) any { return p.Status }},
		{"currency", "text", func(p *keptPayment) any { return string(p.Currency) }},
		{"gross", "bigint", func(p *keptPayment) any { return p.Gross }},
		{"base", "bigint", func(p *keptPayment) any { return p.Base }},
		{"refunded", "bigint", func(p *keptPayment) any { return p.Refunded }},
		{"customer_id", "uuid", func(p *keptPayment) any { return valueOf(p.Customer) }},
		{"customer_ref", "text", func(p *keptPayment) any { return p.CustomerRef }},
		{"customer_email", "text", func(p *keptPayment) any { return p.Email }},
		{"subscription_ref", "text", func(p *keptPayment) any { return p.Of }},
		{"named", "text[]", func(p *keptPayment) any { return pq.StringArray(append([]string{}, p.Named...)) }},
		{"named_beside", "text[]", func(p *keptPayment) any { return pq.StringArray(append([]string{}, p.Beside...)) }},
		{"partner_id", "uuid", func(p *keptPayment) any { return valueOf(p.Partner) }},
		{"attributed_by", "text", func(p *keptPayment) any { return (*string)(p.AttributedBy) }},
		{"policy", "text", func(p *keptPayment) any { return p.Policy }},
		{"earns", "boolean", func(p *keptPayment) any { return p.Earns }},
		{"decided_at", "timestamptz", func(p *keptPayment) any { return p.DecidedAt }},
		{"terms", "jsonb", func(p *keptPayment) any { return p.Terms }},
		{"shown_currency", "text", func(p *keptPayment) any { return (*string)(p.ShownCurrency) }},
		{"shown_rate", "text", func(p *keptPayment) any { return p.ShownRate }},
		{"shown_source", "text", func(p *keptPayment) any { return p.ShownSource }},
		{"shown_day", "date", func(p *keptPayment) any { return dayOf(p.ShownDay) }},
		{"shown_gross", "bigint", func(p *keptPayment) any { return valueOf(p.ShownGross) }},
		{"shown_base", "bigint", func(p *keptPayment) any { return valueOf(p.ShownBase) }},
		{"shown_refunded", "bigint", func(p *keptPayment) any { return valueOf(p.ShownRefunded) }},
		{"shown_of", "date", func(p *keptPayment) any { return dayOf(p.ShownOf) }},
		{"shown_waits", "boolean", func(p *keptPayment) any { return p.ShownWaits }},
		{"steps", "jsonb", func(p *keptPayment) any { return asJSON[[]models.Step]{append([]models.Step{}, p.Steps.V...)} }},
		{"paid_at", "timestamptz", func(p *keptPayment) any { return p.PaidAt }},
		{"created_at", "timestamptz", func(p *keptPayment) any { return p.CreatedAt }},
	}
	aliasFields = []field[alias]{
		{"alias", "text", func(a alias) any { return a.alias }},
		{"payment_id", "uuid", func(a alias) any { return a.payment }},
	}
	tellingFields = []field[toldOf]{
		{"payment_id", "uuid", func(t toldOf) any { return t.payment }},
		{"object", "text", func(t toldOf) any { return t.Object }},
		{"told_at", "timestamptz", func(t toldOf) any { return t.At }},
		{"body", "jsonb", func(t toldOf) any { return asJSON[models.Telling]{t.Telling} }},
	}
	reversalFields = []field[reversedOf]{
		{"payment_id", "uuid", func(r reversedOf) any { return r.payment }},
		{"key", "text", func(r reversedOf) any { return r.Key }},
		{"kind", "text", func(r reversedOf) any { return string(r.Kind) }},
		{"state", "text", func(r reversedOf) any { return string(r.State) }},
		{"charge", "text", func(r reversedOf) any { return r.Charge }},
		{"says", "text", func(r reversedOf) any { return r.Says }},
		{"made", "timestamptz", func(r reversedOf) any { return r.Made }},
		{"amount", "bigint", func(r reversedOf) any { return r.Amount.Minor }},
		{"currency", "text", func(r reversedOf) any { return string(r.Amount.Currency) }},
		{"counted", "bigint", func(r reversedOf) any { return r.counted }},
		{"at", "timestamptz", func(r reversedOf) any { return r.At }},
	}
	factFields = []field[models.Fact]{
		{"subject", "text", func(f models.Fact) any { return f.Subject }},
		{"kind", "text", func(f models.Fact) any { return string(f.Kind) }},
		{"at", "timestamptz", func(f models.Fact) any { return f.At }},
		{"key", "text", func(f models.Fact) any { return f.Key }},
		{"says", "jsonb", func(f models.Fact) any { return asJSON[[]models.Clue]{f.Says} }},
		{"before", "jsonb", func(f models.Fact) any { return beforeOf(f) }},
	}
	linkFields = []field[*models.Link]{
		{"customer_id", "uuid", func(l *models.Link) any { return l.Customer }},
		{"partner_id", "uuid", func(l *models.Link) any { return l.Partner }},
		{"linked_at", "timestamptz", func(l *models.Link) any { return l.From }},
		{"origin", "text", func(l *models.Link) any { return l.Origin }},
		{"payment_id", "uuid", func(l *models.Link) any { return valueOf(l.Payment) }},
		{"payment_key", "text", func(l *models.Link) any { return l.PayKey }},
		{"batch_id", "uuid", func(l *models.Link) any { return l.Batch }},
		{"program_id", "uuid", func(l *models.Link) any { return l.Program }},
	}
	goneLinkFields = []field[linkKey]{
		{"customer_id", "uuid", func(l linkKey) any { return l.customer }},
		{"linked_at", "timestamptz", func(l linkKey) any { return time.UnixMicro(l.at).UTC() }},
		{"origin", "text", func(l linkKey) any { return l.origin }},
		{"payment_key", "text", func(l linkKey) any { return l.payment }},
	}
	commissionFields = []field[*keptCommission]{
		{"id", "uuid", func(c *keptCommission) any { return c.ID }},
		{"payment_id", "uuid", func(c *keptCommission) any { return c.Payment }},
		{"partner_id", "uuid", func(c *keptCommission) any { return c.Partner }},
		{"program_id", "uuid", func(c *keptCommission) any { return c.Program }},
		{"sale_currency", "text", func(c *keptCommission) any { return string(c.Share.Currency) }},
		{"share", "bigint", func(c *keptCommission) any { return c.Share.Minor }},
		{"first_share", "bigint", func(c *keptCommission) any { return c.First.Minor }},
		{"currency", "text", func(c *keptCommission) any { return string(c.Amount.Currency) }},
		{"rate", "text", func(c *keptCommission) any { return ofRate(c, func(r *models.Rate) any { return r.Value }) }},
		{"rate_source", "text", func(c *keptCommission) any { return ofRate(c, func(r *models.Rate) any { return r.Source }) }},
		{"rate_day", "date", func(c *keptCommission) any {
			return ofRate(c, func(r *models.Rate) any { return r.Date.Format(time.DateOnly) })
		}},
		{"rate_of", "date", func(c *keptCommission) any {
			return ofRate(c, func(r *models.Rate) any { return r.Of.Format(time.DateOnly) })
		}},
		{"earned", "bigint", func(c *keptCommission) any { return c.Earned.Minor }},
		{"amount", "bigint", func(c *keptCommission) any { return c.Amount.Minor }},
		{"status", "text", func(c *keptCommission) any { return string(c.Status) }},
		{"hold_days", "int", func(c *keptCommission) any { return c.HoldDays }},
		{"refunds", "text", func(c *keptCommission) any { return c.Refunds }},
		{"payable_on", "date", func(c *keptCommission) any { return c.PayableOn.Format(time.DateOnly) }},
		{"matured", "boolean", func(c *keptCommission) any { return c.Matured }},
		{"disputed", "boolean", func(c *keptCommission) any { return c.Disputed }},
		{"holds", "int", func(c *keptCommission) any { return c.Holds }},
		{"steps", "jsonb", func(c *keptCommission) any { return asJSON[[]models.Step]{c.Steps} }},
		{"rule_version", "int", func(c *keptCommission) any { return c.Version }},
		{"decided_at", "timestamptz", func(c *keptCommission) any { return c.DecidedAt }},
		{"created_at", "timestamptz", func(c *keptCommission) any { return c.made }},
	}
	entryFields = []field[entryOf]{
		{"commission_id", "uuid", func(e entryOf) any { return e.c.ID }},
		{"seq", "int", func(e entryOf) any { return e.Seq }},
		{"partner_id", "uuid", func(e entryOf) any { return e.c.Partner }},
		{"kind", "text", func(e entryOf) any { return e.Kind }},
		{"amount", "bigint", func(e entryOf) any { return e.Amount.Minor }},
		{"currency", "text", func(e entryOf) any { return string(e.Amount.Currency) }},
		{"because", "text", func(e entryOf) any { return e.Because }},
		{"payable_on", "date", func(e entryOf) any { return e.payable.Format(time.DateOnly) }},
		{"at", "timestamptz", func(e entryOf) any { return e.At }},
		{"invoice_id", "uuid", func(e entryOf) any { return valueOf(e.Invoice) }},
	}
	transferFields = []field[models.Transfer]{
		{"key", "text", func(t models.Transfer) any { return t.Key }},
		{"from_account", "text", func(t models.Transfer) any { return string(t.From) }},
		{"to_account", "text", func(t models.Transfer) any { return string(t.To) }},
		{"amount", "bigint", func(t models.Transfer) any { return t.Amount.Minor }},
		{"currency", "text", func(t models.Transfer) any { return string(t.Amount.Currency) }},
		{"cause", "text", func(t models.Transfer) any { return t.Cause }},
		{"at", "timestamptz", func(t models.Transfer) any { return t.At }},
		{"digest", "bytea", func(t models.Transfer) any { return t.Digest[:] }},
	}
	endedFields = []field[ended]{
		{"id", "uuid", func(e ended) any { return e.event.ID }},
		{"status", "text", func(e ended) any { return string(e.status) }},
		{"because", "text", func(e ended) any { return e.because }},
		{"waits_for", "text[]", func(e ended) any { return pq.StringArray(e.waitsFor) }},
		{"next_try_at", "timestamptz", func(e ended) any { return e.until }},
		{"carried_at", "timestamptz", func(e ended) any { return e.carriedAt }},
		{"turns", "boolean", func(e ended) any { return e.turns }},
	}
)

// Rows of a payment or a commission, with whose they are.
type (
	toldOf struct {
		payment models.PaymentID
		models.Telling
	}
	reversedOf struct {
		payment models.PaymentID
		keptReversal
	}
	entryOf struct {
		c *keptCommission
		keptEntry
	}
)

// valueOf is an id that may be missing.
func valueOf[T any](id *T) any {
	if id == nil {
		return nil
	}
	return *id
}

// dayOf is the date of a moment that may be missing.
func dayOf(at *time.Time) any {
	if at == nil {
		return nil
	}
	return at.Format(time.DateOnly)
}

// beforeOf is what held before a fact; nil when that is not known.
func beforeOf(f models.Fact) any {
	if !f.BeforeKnown {
		return nil
	}
	return asJSON[[]models.Clue]{f.Before}
}

func ofRate(c *keptCommission, of func(*models.Rate) any) any {
	if c.Rate == nil {
		return nil
	}
	return of(c.Rate)
}

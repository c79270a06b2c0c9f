package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"portal/models"
)

// keptPayment is a payment in memory, and whatever else is known of it.
type keptPayment struct {
	PaymentRow                   // without the names of others
	Email      string            `db:"paid_email"` // that it came with
	Of         string            `db:"subscription_ref"`
	Named      []string          `db:"-"`
	Beside     []string          `db:"-"` // named_beside
	Merged     *models.PaymentID `db:"merged_into"`

	isNew, changed bool
	was            *standing // as the database has it; nil when it has not

	told      bool // the tellings are known
	tellings  []models.Telling
	retold    map[string]bool // those of them to be written, by object
	reversed  bool            // the reversals are known
	reversals []keptReversal
	earned    bool // the commissions are known
	earnings  []*keptCommission
}

// standing is what a payment is to its customer.
type standing struct {
	customer models.CustomerID
	place
	counted bool
	back    bool // all went back
	ref     string
	email   string
}

func (p *keptPayment) standing() standing {
	s := standing{place: place{p.PaidAt.UnixMicro(), p.Key}, counted: p.Counted, back: p.Refunded >= p.Gross, ref: p.CustomerRef, email: p.Email}
	if p.Customer != nil {
		s.customer = *p.Customer
	}
	return s
}

type keptReversal struct {
	models.Reversal
	counted int64
	changed bool
}

type alias struct {
	alias   string
	payment models.PaymentID
}

// ended is how an event ended, or why it was put aside.
type ended struct {
	event     models.Event
	status    models.EventStatus
	because   *string
	waitsFor  []string
	until     *time.Time // nil: it was not put aside
	carriedAt *time.Time
	turns     bool // it takes its turn on the tape, if it has none
}

const keptPaymentSelect = `SELECT ` + paymentColumns + `, p.customer_email AS paid_email, p.subscription_ref, p.named, p.named_beside, p.merged_into `

// loadPayments reads payments that memory does not have yet.
func (m *memory) loadPayments(ctx context.Context, from string, args ...any) ([]*keptPayment, error) {
	var rows []struct {
		keptPayment
		Named  pq.StringArray `db:"named"`
		Beside pq.StringArray `db:"named_beside"`
	}
	if err := m.direct.list(ctx, &rows, keptPaymentSelect+from, append([]any{m.tenant.Company, m.tenant.Mode}, args...)...); err != nil {
		return nil, fmt.Errorf("load payments: %w", err)
	}
	list := make([]*keptPayment, 0, len(rows))
	for i := range rows {
		p := &rows[i].keptPayment
		if known, ok := m.payments[p.ID]; ok {
			list = append(list, known)
			continue
		}
		p.Named, p.Beside, p.was = rows[i].Named, rows[i].Beside, new(p.standing())
		m.payments[p.ID] = p
		m.file(p)
		list = append(list, p)
	}
	return list, nil
}

func (m *memory) payment(ctx context.Context, id models.PaymentID) (*keptPayment, error) {
	if p, ok := m.payments[id]; ok {
		return p, nil
	}
	found, err := m.loadPayments(ctx, `FROM payments p WHERE p.company_id = $1 AND p.mode = $2 AND p.id = $3`, id)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("load payment %s: %w", id, models.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// learnAliases reads whose those ids are that memory does not know yet.
func (m *memory) learnAliases(ctx context.Context, aliases []string) error {
	unknown := slices.DeleteFunc(slices.Clone(aliases), func(a string) bool { _, ok := m.aliases[a]; return ok })
	if len(unknown) == 0 {
		return nil
	}
	var rows []struct {
		Alias   string           `db:"alias"`
		Payment models.PaymentID `db:"payment_id"`
	}
	if err := m.direct.list(ctx, &rows, `SELECT alias, payment_id FROM payment_aliases WHERE company_id = $1 AND mode = $2 AND alias = ANY($3)`,
		m.tenant.Company, m.tenant.Mode, pq.Array(unknown)); err != nil {
		return err
	}
	for _, a := range unknown {
		m.aliases[a] = models.PaymentID{}
	}
	for _, r := range rows {
		m.aliases[r.Alias] = r.Payment
	}
	return nil
}

func (m *memory) paymentsWithAlias(ctx context.Context, aliases []string) ([]models.PaymentID, error) {
	if err := m.learnAliases(ctx, aliases); err != nil {
		return nil, err
	}
	var list []models.PaymentID
	for _, a := range aliases {
		if id := m.aliases[a]; !id.IsZero() && !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	slices.SortFunc(list, models.PaymentID.Compare)
	return list, nil
}

func (m *memory) claimAliases(ctx context.Context, id models.PaymentID, aliases []string) error {
	if err := m.learnAliases(ctx, aliases); err != nil {
		return err
	}
	for _, a := range aliases {
		if m.aliases[a].IsZero() {
			m.aliases[a] = id
			m.newAliases = append(m.newAliases, alias{a, id})
		}
	}
	return nil
}

func (m *memory) addPayment(ctx context.Context, id models.PaymentID, program models.ProgramID, source models.SourceName, key string, terms models.Terms, now time.Time) error {
	if m.currency == "" {
		company, err := m.direct.Company(ctx, m.tenant.Company)
		if err != nil {
			return err
		}
		m.currency = company.Currency
	}
	now = now.UTC().Round(time.Microsecond) // as the database does
	row := PaymentRow{Tenant: m.tenant, ID: id, Program: program, Source: source, Key: key, Kind: models.Sale, Status: "paid", PaidAt: now, CreatedAt: now, CompanyCurrency: m.currency}
	row.Terms.V = terms
	m.payments[id] = &keptPayment{isNew: true, changed: true, told: true, reversed: true, earned: true, PaymentRow: row}
	return nil
}

func (m *memory) savePayment(ctx context.Context, p models.Payment, customer *models.CustomerID, refunded int64, status string) error {
	k, err := m.payment(ctx, p.ID)
	if err != nil {
		return err
	}
	k.Source, k.Key, k.Counted, k.Kind, k.Status, k.Currency, k.Gross, k.Base = p.Source, p.Key, p.Counted, p.Kind, status, p.Gross.Currency, p.Gross.Minor, p.Base.Minor
	k.Refunded, k.Customer, k.CustomerRef, k.PaidAt = refunded, customer, p.Customer.StripeID, p.PaidAt
	k.Program = p.Via
	k.Email, k.Of, k.changed = models.NormalEmail(p.Customer.Email), p.Subscription, true
	m.file(k)
	return nil
}

func (m *memory) saveDecision(ctx context.Context, p models.Payment, d Decided, now time.Time) error {
	k, err := m.payment(ctx, p.ID)
	if err != nil {
		return err
	}
	if k.DecidedAt == nil || k.Earns != d.Earns || valueOf(k.Partner) != valueOf(d.Partner) || !slices.Equal(k.Steps.V, d.Steps) {
		k.DecidedAt = &now
	}
	k.Partner, k.AttributedBy, k.Policy, k.Earns, k.Steps.V = d.Partner, d.By, d.Policy, d.Earns, slices.Clone(d.Steps)
	k.Named, k.Beside, k.changed = p.Clues.Named(), p.Clues.Beside(), true
	return nil
}

func (m *memory) saveShown(ctx context.Context, id models.PaymentID, n *Shown, waits bool) error {
	k, err := m.payment(ctx, id)
	if err != nil {
		return err
	}
	k.changed, k.shownRow = true, shownRow{ShownWaits: waits}
	if n != nil {
		k.shownRow = shownRow{ShownCurrency: &n.Rate.To, ShownRate: &n.Rate.Value, ShownSource: &n.Rate.Source, ShownDay: &n.Rate.Date,
			ShownGross: &n.Gross.Minor, ShownBase: &n.Base.Minor, ShownRefunded: &n.Refunded.Minor, ShownOf: &n.Rate.Of}
	}
	return nil
}

// file puts a payment where its customer and its address lead to it.
func (m *memory) file(p *keptPayment) {
	if p.Customer != nil && !slices.Contains(m.ofCustomer[*p.Customer], p) {
		m.ofCustomer[*p.Customer] = append(m.ofCustomer[*p.Customer], p)
	}
	if p.Email != "" && !slices.Contains(m.withEmail[p.Email], p) {
		m.withEmail[p.Email] = append(m.withEmail[p.Email], p)
	}
}

// tellingsOf are what was told of a payment, in the order of what tells.
func (m *memory) tellingsOf(ctx context.Context, id models.PaymentID) (*keptPayment, error) {
	p, err := m.payment(ctx, id)
	if err != nil || p.told {
		return p, err
	}
	p.tellings, err = m.direct.Tellings(ctx, m.tenant, id)
	p.told = err == nil
	return p, err
}

func (m *memory) keepTelling(ctx context.Context, id models.PaymentID, telling models.Telling) error {
	p, err := m.tellingsOf(ctx, id)
	if err != nil {
		return err
	}
	if at := slices.IndexFunc(p.tellings, func(t models.Telling) bool { return t.Object == telling.Object }); at >= 0 {
		p.tellings[at] = telling
	} else {
		p.tellings = append(p.tellings, telling)
		slices.SortFunc(p.tellings, func(a, b models.Telling) int { return cmp.Compare(a.Object, b.Object) })
	}
	if p.retold == nil {
		p.retold = map[string]bool{}
	}
	p.retold[telling.Object] = true
	return nil
}

func (m *memory) reversalsOf(ctx context.Context, id models.PaymentID) (*keptPayment, error) {
	p, err := m.payment(ctx, id)
	if err != nil || p.reversed {
		return p, err
	}
	return p, m.loadReversals(ctx, []*keptPayment{p})
}

func (m *memory) loadReversals(ctx context.Context, of []*keptPayment) error {
	var rows []reversalRow
	if err := m.direct.list(ctx, &rows, `SELECT payment_id, `+reversalColumns+` FROM reversals
		WHERE company_id = $1 AND mode = $2 AND payment_id = ANY($3::uuid[]) ORDER BY made, key`, m.tenant.Company, m.tenant.Mode, paymentIDs(of)); err != nil {
		return err
	}
	for _, p := range of {
		p.reversed = true
	}
	for _, r := range rows {
		p := m.payments[r.Payment]
		p.reversals = append(p.reversals, keptReversal{Reversal: r.reversal(), counted: r.Counted})
	}
	return nil
}

func (m *memory) keepReversal(ctx context.Context, id models.PaymentID, r models.Reversal) error {
	p, err := m.reversalsOf(ctx, id)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(p.reversals, func(k keptReversal) bool { return k.Key == r.Key })
	if at < 0 {
		p.reversals, at = append(p.reversals, keptReversal{}), len(p.reversals)
	}
	counted := p.reversals[at].counted
	if old := p.reversals[at]; old.Key != "" { // what it is stays
		r.Kind = old.Kind
	}
	r.Of = nil
	p.reversals[at] = keptReversal{r, counted, true}
	slices.SortStableFunc(p.reversals, func(a, b keptReversal) int { return cmp.Or(a.Made.Compare(b.Made), cmp.Compare(a.Key, b.Key)) })
	return nil
}

func (m *memory) countReversal(ctx context.Context, id models.PaymentID, key string, counted int64) error {
	p, err := m.reversalsOf(ctx, id)
	if err != nil {
		return err
	}
	for i, k := range p.reversals {
		if k.Key == key && k.counted != counted {
			p.reversals[i].counted, p.reversals[i].changed = counted, true
		}
	}
	return nil
}

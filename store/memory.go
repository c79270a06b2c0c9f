package store

import (
	"context"
	"strings"

	"portal/models"
)

// memory is what one transaction knows of a tenant's money, and what it has yet to write. Whoever holds the tenant's queue
// is alone in deciding about its money, so what was read once stays so until it is changed here. With it a batch of events
// costs a few statements: what they touch is read at once, and what they change is written at once.
//
// A method that knows nothing of memory is right all the same, only slower: all that waits is written before its statement
// runs, and a statement that writes makes memory forget what it knew.
type memory struct {
	tenant models.Tenant
	direct *Store // the same transaction, past memory

	currency models.Currency // the company's; empty when it is not known

	payments    map[models.PaymentID]*keptPayment
	ofCustomer  map[models.CustomerID][]*keptPayment // those that are theirs, and those that were
	withEmail   map[string][]*keptPayment            // those that came with an address, and those that did
	aliases     map[string]models.PaymentID          // zero: nobody's
	commissions map[models.CommissionID]*keptCommission

	customers map[models.CustomerID]*keptCustomer
	having    map[string][]*keptCustomer   // those who have an address, and those who had
	byStripe  map[string]models.CustomerID // zero: nobody's
	byKey     map[string]models.CustomerID
	byEmail   map[string][]models.CustomerID // as the database has it

	partners     map[models.PartnerID]models.Partner
	byPartnerKey map[string]*models.Partner // nil: nobody's
	programs     map[models.ProgramID]models.Program
	sharing      map[models.ProgramID][]models.ProgramID // the programs that share a program's account at Stripe
	rules        map[models.ProgramID][]models.RuleSet

	facts   map[string][]models.Fact // by subject, each kind in the order of time
	touches map[string]bool          // subjects of facts: whether a payment that came with them was there when memory began
	strays  map[string]bool          // provider's ids and addresses: whether a payment that has nobody came with them

	asked map[string]bool // ids for which it is known whether an event waits for them: true if one does

	// What has yet to be written, besides the payments and customers that are marked.
	newAliases []alias
	newFacts   []models.Fact
	links      map[linkKey]*models.Link // nil: dropped
	transfers  []models.Transfer
	ended      []ended
}

// Remembering runs fn with a memory for one tenant, whose queue the caller holds. What About names is read at once; what fn
// changes is written when it ends. When it fails the caller undoes the transaction, or to a savepoint before.
func (s *Store) Remembering(ctx context.Context, t models.Tenant, about About, fn func() error) error {
	m := &memory{tenant: t, direct: &Store{db: s.db, tx: s.tx, q: s.q, keys: s.keys, queue: s.queue}}
	m.forget()
	if err := m.recall(ctx, about); err != nil {
		return err
	}
	s.memory = m
	defer func() { s.memory = nil }()
	if err := fn(); err != nil {
		return err
	}
	return m.write(ctx)
}

// remembers is the memory for a tenant; nil when there is none.
func (s *Store) remembers(t models.Tenant) *memory {
	if s.memory == nil || s.memory.tenant != t {
		return nil
	}
	return s.memory
}

// apart is the store past memory, for statements on tables of which memory knows nothing.
func (s *Store) apart() *Store {
	if s.memory == nil {
		return s
	}
	return s.memory.direct
}

// aside runs statements on tables of which memory keeps nothing but what has yet to be written: that is written first.
func (s *Store) aside(ctx context.Context, run func(*Store) error) error {
	if s.memory != nil {
		if err := s.memory.write(ctx); err != nil {
			return err
		}
	}
	return run(s.apart())
}

// past runs a statement that memory knows nothing of: after all that waits has been written, and if it may write, memory
// begins anew.
func (s *Store) past(ctx context.Context, query string, run func() error) error {
	if s.memory == nil {
		return run()
	}
	if err := s.memory.write(ctx); err != nil {
		return err
	}
	err := run()
	if !strings.HasPrefix(strings.TrimSpace(query), "SELECT ") {
		s.memory.forget()
	}
	return err
}

// drop forgets all, what waits to be written too: the transaction was undone to where nothing waited.
func (m *memory) drop() {
	m.forget()
	m.newAliases, m.newFacts, m.transfers, m.ended = nil, nil, nil, nil
}

// forget drops all that is known. Nothing may wait to be written.
func (m *memory) forget() {
	m.payments, m.aliases = map[models.PaymentID]*keptPayment{}, map[string]models.PaymentID{}
	m.commissions = map[models.CommissionID]*keptCommission{}
	m.ofCustomer, m.withEmail, m.having = map[models.CustomerID][]*keptPayment{}, map[string][]*keptPayment{}, map[string][]*keptCustomer{}
	m.customers, m.byEmail = map[models.CustomerID]*keptCustomer{}, map[string][]models.CustomerID{}
	m.byStripe, m.byKey = map[string]models.CustomerID{}, map[string]models.CustomerID{}
	m.partners, m.byPartnerKey = map[models.PartnerID]models.Partner{}, map[string]*models.Partner{}
	m.sharing = map[models.ProgramID][]models.ProgramID{}
	m.programs, m.rules = map[models.ProgramID]models.Program{}, map[models.ProgramID][]models.RuleSet{}
	m.facts, m.touches, m.strays = map[string][]models.Fact{}, map[string]bool{}, map[string]bool{}
	m.asked, m.links = map[string]bool{}, map[linkKey]*models.Link{}
}

// place is where a payment stands in the order of the money's own time, ties broken by key (D14).
type place struct {
	at  int64 // microseconds
	key string
}

func (p place) before(o place) bool { return p.at < o.at || p.at == o.at && p.key < o.key }

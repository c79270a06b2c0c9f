package handlers

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"portal/inbox"
	"portal/models"
	"portal/store"
)

// apiTransactions maps the customers' payments.
func (h *House) apiTransactions(d apiDoor) {
	apiAdd(d, "POST", "/v1/transactions", 201, "Report a payment; the same key and content again is answered 200", h.apiTransactionAdd)
	answers := d.api.OpenAPI().Paths["/v1/transactions"].Post.Responses
	answers["200"] = &huma.Response{Description: "The same transaction was reported before.", Content: answers["201"].Content}
	apiAdd(d, "GET", "/v1/transactions", 200, "List the payments", h.apiTransactionList)
	apiAdd(d, "GET", "/v1/transactions/{key}", 200, "Show a payment by any id that its money goes by", h.apiTransactionShow)
}

type apiTransactionShape struct {
	Key          string        `json:"key" example:"in_1Pq" doc:"The money's id: its invoice, payment intent or charge, or the key it was reported under."`
	Source       string        `json:"source" example:"stripe"`
	Kind         string        `json:"kind" enum:"sale,renewal"`
	Status       string        `json:"status" enum:"paid,partially_refunded,refunded,disputed"`
	Attributed   bool          `json:"attributed"`
	Gross        apiMoney      `json:"gross" doc:"What the customer paid."`
	Base         apiMoney      `json:"base" doc:"What commission is counted on."`
	Refunded     apiMoney      `json:"refunded"`
	Display      *apiDisplay   `json:"display" doc:"The same in the company's own currency; null when it came in that, or while a rate is awaited."`
	Customer     *apiPayer     `json:"customer"`
	Partner      *apiRef       `json:"partner"`
	AttributedBy *string       `json:"attributed_by" doc:"metadata, client_reference, coupon, click, customer_id, email, manual, api; null when nobody earned it."`
	Steps        []models.Step `json:"steps" doc:"Each question that was asked, and its answer."`
	DecidedAt    *time.Time    `json:"decided_at" doc:"Since when it is decided as it is."`
	PaidAt       time.Time     `json:"paid_at"`
	Aliases      []string      `json:"aliases" doc:"Every id the money goes by."`
}

// apiDisplay is a payment in the company's own currency, at a rate that stays (F110).
type apiDisplay struct {
	Gross    apiMoney `json:"gross"`
	Base     apiMoney `json:"base"`
	Refunded apiMoney `json:"refunded"`
	Rate     *apiRate `json:"rate"`
}

// apiPayer is who paid.
type apiPayer struct {
	Key   string  `json:"key"`
	Email *string `json:"email"`
}

// apiTransactionsOf shapes payments with their ids.
func (h *House) apiTransactionsOf(ctx context.Context, who apiCall) func([]store.PaymentRow) ([]apiTransactionShape, error) {
	return func(rows []store.PaymentRow) ([]apiTransactionShape, error) {
		var ids []models.PaymentID
		for _, p := range rows {
			ids = append(ids, p.ID)
		}
		aliases, err := h.Store.AliasesOfAll(ctx, who.Tenant, ids)
		if err != nil {
			return nil, err
		}
		return apiEach(func(p store.PaymentRow) apiTransactionShape { return apiTransactionOf(p, aliases[p.ID]) })(rows)
	}
}

func apiTransactionOf(p store.PaymentRow, aliases []string) apiTransactionShape {
	shape := apiTransactionShape{Key: p.Key, Source: string(p.Source), Kind: string(p.Kind), Status: p.Status, Attributed: p.Partner != nil,
		Gross: apiMoneyOf(p.Money(p.Gross)), Base: apiMoneyOf(p.Money(p.Base)), Refunded: apiMoneyOf(p.Money(p.Refunded)),
		Partner: apiRefTo(p.PartnerKey), AttributedBy: (*string)(p.AttributedBy), Steps: apiSteps(p.Steps.V), DecidedAt: apiTimeOf(p.DecidedAt), PaidAt: p.PaidAt.UTC(), Aliases: aliases}
	if n, turned := p.Shown(); turned {
		shape.Display = &apiDisplay{apiMoneyOf(n.Gross), apiMoneyOf(n.Base), apiMoneyOf(n.Refunded), apiRateOf(&n.Rate)}
	}
	if p.CustomerKey != nil {
		shape.Customer = &apiPayer{*p.CustomerKey, p.CustomerEmail}
	}
	return shape
}

// apiTimeOf is a moment in UTC, or null.
func apiTimeOf(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	return new(at.UTC())
}

// apiSteps is never null.
func apiSteps(steps []models.Step) []models.Step {
	if steps == nil {
		return []models.Step{}
	}
	return steps
}

type apiTransactionIn struct {
	Key         string          `json:"key" example:"order-1001" doc:"Your own id of the payment, or Stripe's."`
	Amount      apiDecimal      `json:"amount" doc:"What was paid, in major units."`
	AmountUnits *string         `json:"amount_units,omitempty" nullable:"true" example:"usd" doc:"The currency; the program's when it is left out."`
	Action      *string         `json:"action,omitempty" nullable:"true" enum:"sale"`
	Partner     *apiRef         `json:"partner,omitempty"`
	Customer    *apiCustomerRef `json:"customer,omitempty"`
	ProductID   *string         `json:"product_id,omitempty" nullable:"true"`
	ProductType *string         `json:"product_type,omitempty" nullable:"true"`
	ClickID     *string         `json:"click_id,omitempty" nullable:"true" doc:"The visit through a partner's link that this payment came from."`
	Options     *apiOptions     `json:"options,omitempty"`
}

// apiCustomerRef is who paid, as the caller knows them.
type apiCustomerRef struct {
	Key   *string `json:"key,omitempty" nullable:"true"`
	Email *string `json:"email,omitempty" nullable:"true"`
	Name  *string `json:"name,omitempty" nullable:"true"`
}

// apiOptions are a posted transaction's.
type apiOptions struct {
	CreateCustomer *bool `json:"create_customer,omitempty" nullable:"true" doc:"Whether a customer that is not known is made; true when it is left out."`
}

func (h *House) apiTransactionAdd(ctx context.Context, who apiCall, in *struct{ Body apiTransactionIn }) (*apiMade[apiTransactionShape], error) {
	program, err := h.Store.Program(ctx, who.Company, who.Program)
	if err != nil {
		return nil, err
	}
	posted, err := in.Body.transaction(program.Currency)
	if err != nil {
		return nil, err
	}
	row, created, err := h.Inbox.Transact(ctx, who.Caller, posted)
	if err != nil {
		return nil, err
	}
	list, err := h.apiTransactionsOf(ctx, who)([]store.PaymentRow{row})
	if err != nil {
		return nil, err
	}
	out := &apiMade[apiTransactionShape]{Status: http.StatusOK, Body: list[0]}
	if created {
		out.Status = http.StatusCreated
	}
	return out, nil
}

func (in apiTransactionIn) transaction(c models.Currency) (inbox.Transaction, error) {
	var w apiWrong
	t := inbox.Transaction{Key: w.text("key", in.Key, 255), Action: "sale", CreateCustomer: true}
	if in.AmountUnits != nil {
		c = w.currency("amount_units", *in.AmountUnits)
	}
	if c != "" {
		amount := in.Amount.in(c, &w, "amount")
		if amount.Currency != "" && amount.Minor <= 0 {
			w.say("amount", "must be above zero")
		}
		t.Amount, t.AmountUnits = amount.Decimal(), string(c)
	}
	t.ProductID, t.ProductType = w.optional("product_id", in.ProductID), w.optional("product_type", in.ProductType)
	t.ClickID = w.optional("click_id", in.ClickID)
	if in.Partner != nil {
		t.Partner = w.text("partner.key", in.Partner.Key, 200)
	}
	if in.Customer != nil {
		t.CustomerKey, t.CustomerName = w.optional("customer.key", in.Customer.Key), w.optional("customer.name", in.Customer.Name)
		if in.Customer.Email != nil && *in.Customer.Email != "" {
			t.CustomerEmail = w.email("customer.email", *in.Customer.Email)
		}
	}
	if in.Options != nil && in.Options.CreateCustomer != nil {
		t.CreateCustomer = *in.Options.CreateCustomer
	}
	return t, w.err()
}

// optional is a text that may be left out or empty.
func (w *apiWrong) optional(field string, text *string) string {
	if text == nil || *text == "" {
		return ""
	}
	return w.text(field, *text, 255)
}

func (h *House) apiTransactionList(ctx context.Context, who apiCall, in *struct {
	APIPage
	Partner    string `query:"partner" doc:"A partner's key."`
	Customer   string `query:"customer" doc:"A customer's key."`
	Status     string `query:"status" enum:"paid,partially_refunded,refunded,disputed"`
	Attributed string `query:"attributed" enum:"true,false"`
}) (*apiBody[apiList[apiTransactionShape]], error) {
	partner, noPartner, err := h.apiPartnerID(ctx, who, in.Partner)
	if err != nil {
		return nil, err
	}
	customer, noCustomer, err := h.apiCustomerID(ctx, who, in.Customer)
	if err != nil {
		return nil, err
	}
	filter := store.PaymentFilter{Partner: partner, Customer: customer, Status: in.Status}
	if in.Attributed != "" {
		filter.Attributed = new(in.Attributed == "true")
	}
	load := func(p store.Page) ([]store.PaymentRow, error) { return h.Store.Payments(ctx, who.Tenant, filter, p) }
	if noPartner || noCustomer {
		load = nil
	}
	key := func(p store.PaymentRow) (time.Time, fmt.Stringer) { return p.PaidAt, p.ID }
	return apiPaged(in.APIPage, load, key, h.apiTransactionsOf(ctx, who))
}

func (h *House) apiTransactionShow(ctx context.Context, who apiCall, in *apiByKey) (*apiBody[apiTransactionShape], error) {
	row, err := h.Store.PaymentByAlias(ctx, who.Tenant, in.Key)
	if err != nil {
		return nil, err
	}
	list, err := h.apiTransactionsOf(ctx, who)([]store.PaymentRow{row})
	if err != nil {
		return nil, err
	}
	return &apiBody[apiTransactionShape]{list[0]}, nil
}

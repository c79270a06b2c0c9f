package handlers

import (
	"context"
	"fmt"
	"time"

	"portal/models"
	"portal/store"
)

// apiInvoices maps what is drawn up for partners, approved and paid.
func (h *House) apiInvoices(d apiDoor) {
	apiAdd(d, "GET", "/v1/invoices", 200, "List the invoices", h.apiInvoiceList)
	apiAdd(d, "POST", "/v1/invoices", 201, "Draw up invoices from all that is payable on or before a day", h.apiInvoicesDraw)
	apiAdd(d, "GET", "/v1/invoices/{id}", 200, "Show an invoice", h.apiInvoiceShow)
	apiAdd(d, "POST", "/v1/invoices/{id}/approve", 200, "Approve an invoice in review", h.apiInvoiceApprove)
	apiAdd(d, "POST", "/v1/invoices/{id}/pay", 200, "Pay an approved invoice through Stripe; the answer is the invoice after the try", h.apiInvoicePay)
	apiAdd(d, "POST", "/v1/invoices/{id}/mark-paid", 200, "Record that an approved invoice was paid elsewhere", h.apiInvoiceMarkPaid)
}

type apiInvoiceShape struct {
	ID         string           `json:"id"`
	Number     string           `json:"number" example:"INV-2026-0001"`
	Partner    apiRef           `json:"partner"`
	Total      apiMoney         `json:"total"`
	Status     string           `json:"status" enum:"review,approved,processing,needs_confirmation,charged,paid,failed,refunded,void"`
	Lines      []apiInvoiceLine `json:"lines"`
	ApprovedBy *string          `json:"approved_by"`
	PaidBy     *string          `json:"paid_by"`
	PaidAt     *time.Time       `json:"paid_at"`
	Reference  *string          `json:"payment_reference"`
	Because    *string          `json:"because" doc:"Why a payment failed, or why the invoice went back to review."`
}

type apiInvoiceLine struct {
	Commission  *string    `json:"commission" doc:"null for an adjustment."`
	Transaction *string    `json:"transaction" doc:"null for an adjustment."`
	Adjustment  *string    `json:"adjustment" doc:"A bonus, a deduction, or a debt written off; null for a commission."`
	Kind        string     `json:"kind" enum:"earned,refund,correction,bonus,deduction,write_off"`
	Amount      apiMoney   `json:"amount" doc:"Below zero when it was taken back."`
	Because     string     `json:"because"`
	PaidAt      *time.Time `json:"paid_at" doc:"When the customer paid; null for an adjustment."`
	Sale        *apiMoney  `json:"sale" doc:"What the customer paid; null for an adjustment."`
	Rate        *apiRate   `json:"rate" doc:"Between the sale's currency and the invoice's; null when they are one, and for an adjustment."`
}

func apiInvoiceLineOf(l models.InvoiceLine, c models.Currency) apiInvoiceLine {
	line := apiInvoiceLine{Kind: l.Kind, Amount: apiMoneyOf(models.Money{Minor: l.AmountMinor, Currency: c}), Because: l.Because}
	if l.IsAdjustment() {
		line.Adjustment = new(l.Adjustment.String())
	} else {
		line.Commission, line.Transaction, line.PaidAt = new(l.Commission.String()), &l.PaymentKey, new(l.PaidAt.UTC())
	}
	if sale := l.Sale(); sale != nil {
		line.Sale, line.Rate = new(apiMoneyOf(*sale)), apiRateOf(l.Rate(c))
	}
	return line
}

// apiInvoicesOf shapes invoices with their lines.
func (h *House) apiInvoicesOf(ctx context.Context, who apiCall) func([]models.Invoice) ([]apiInvoiceShape, error) {
	return func(rows []models.Invoice) ([]apiInvoiceShape, error) {
		var ids []models.InvoiceID
		for _, i := range rows {
			ids = append(ids, i.ID)
		}
		lines, err := h.Store.LinesOfInvoices(ctx, who.Tenant, ids)
		if err != nil {
			return nil, err
		}
		return apiEach(func(i models.Invoice) apiInvoiceShape { return apiInvoiceOf(i, lines[i.ID]) })(rows)
	}
}

func apiInvoiceOf(i models.Invoice, lines []models.InvoiceLine) apiInvoiceShape {
	shape := apiInvoiceShape{ID: i.ID.String(), Number: i.Number, Partner: apiRef{i.PartnerKey}, Total: apiMoneyOf(i.Total()), Status: string(i.Status),
		Lines: []apiInvoiceLine{}, ApprovedBy: i.ApprovedBy, PaidBy: i.PaidBy, Reference: i.Reference, Because: i.Because}
	if i.PaidAt != nil {
		shape.PaidAt = new(i.PaidAt.UTC())
	}
	for _, l := range lines {
		shape.Lines = append(shape.Lines, apiInvoiceLineOf(l, i.Currency))
	}
	return shape
}

func (h *House) apiOneInvoice(ctx context.Context, who apiCall, i models.Invoice) (*apiBody[apiInvoiceShape], error) {
	list, err := h.apiInvoicesOf(ctx, who)([]models.Invoice{i})
	if err != nil {
		return nil, err
	}
	return &apiBody[apiInvoiceShape]{list[0]}, nil
}

func (h *House) apiInvoiceList(ctx context.Context, who apiCall, in *struct {
	APIPage
	Partner string `query:"partner" doc:"A partner's key."`
	Status  string `query:"status" enum:"review,approved,processing,needs_confirmation,charged,paid,failed,refunded,void"`
}) (*apiBody[apiList[apiInvoiceShape]], error) {
	partner, none, err := h.apiPartnerID(ctx, who, in.Partner)
	if err != nil {
		return nil, err
	}
	load := func(p store.Page) ([]models.Invoice, error) {
		return h.Store.Invoices(ctx, who.Tenant, partner, models.InvoiceStatus(in.Status), p)
	}
	if none {
		load = nil
	}
	key := func(i models.Invoice) (time.Time, fmt.Stringer) { return i.DrawnAt, i.ID }
	return apiPaged(in.APIPage, load, key, h.apiInvoicesOf(ctx, who))
}

func (h *House) apiInvoicesDraw(ctx context.Context, who apiCall, in *struct {
	Body struct {
		Until string `json:"until" example:"2026-11-30" doc:"The last day on which what is drawn up is payable."`
	}
}) (*apiBody[apiAll[apiInvoiceShape]], error) {
	var w apiWrong
	until := w.day("until", in.Body.Until)
	if err := w.err(); err != nil {
		return nil, err
	}
	drawn, err := h.Payouts.DrawUp(ctx, who.Tenant, until, 0, who.actor())
	if err != nil {
		return nil, err
	}
	list, err := h.apiInvoicesOf(ctx, who)(drawn)
	return &apiBody[apiAll[apiInvoiceShape]]{apiAll[apiInvoiceShape]{list}}, err
}

// apiByInvoice is the path of one invoice.
type apiByInvoice struct {
	ID string `path:"id" example:"inv_0190d3f0a1b27c3d8e4f5a6b7c8d9e0f"`
}

// apiInvoiceDeed is something done to an invoice that needs no more words: {} or no body.
type apiInvoiceDeed struct {
	ID   string `path:"id"`
	Body *struct{}
}

func (h *House) apiInvoiceShow(ctx context.Context, who apiCall, in *apiByInvoice) (*apiBody[apiInvoiceShape], error) {
	return h.apiOnInvoice(ctx, who, in.ID, func(id models.InvoiceID) (models.Invoice, error) { return h.Store.Invoice(ctx, who.Tenant, id) })
}

func (h *House) apiInvoiceApprove(ctx context.Context, who apiCall, in *apiInvoiceDeed) (*apiBody[apiInvoiceShape], error) {
	return h.apiOnInvoice(ctx, who, in.ID, func(id models.InvoiceID) (models.Invoice, error) {
		return h.Payouts.Approve(ctx, who.Tenant, id, who.actor())
	})
}

func (h *House) apiInvoicePay(ctx context.Context, who apiCall, in *apiInvoiceDeed) (*apiBody[apiInvoiceShape], error) {
	return h.apiOnInvoice(ctx, who, in.ID, func(id models.InvoiceID) (models.Invoice, error) {
		return h.Payouts.Pay(ctx, who.Tenant, id, who.actor())
	})
}

func (h *House) apiInvoiceMarkPaid(ctx context.Context, who apiCall, in *struct {
	ID   string `path:"id"`
	Body *struct {
		Reference *string `json:"reference,omitempty" nullable:"true" doc:"What the payment is known by elsewhere."`
		PaidAt    *string `json:"paid_at,omitempty" nullable:"true" example:"2026-11-30T12:00:00Z" doc:"A time or a day up to now; now when it is left out."`
		Method    *string `json:"method,omitempty" nullable:"true" enum:"bank_transfer,paypal,wise,check,cash,other" doc:"How it was paid."`
		Words     *string `json:"words,omitempty" nullable:"true" doc:"Which other way, where the method is other."`
		Note      *string `json:"note,omitempty" nullable:"true" doc:"For the company; the partner does not see it."`
	}
}) (*apiBody[apiInvoiceShape], error) {
	var w apiWrong
	how := models.PaidElsewhere{PaidAt: h.Now()}
	if b := in.Body; b != nil {
		how.Reference, how.Words, how.Note = w.optional("reference", b.Reference), w.optional("words", b.Words), w.optional("note", b.Note)
		if b.PaidAt != nil {
			how.PaidAt = w.moment("paid_at", *b.PaidAt)
		}
		if b.Method != nil {
			how.Method = new(models.PayMethod(*b.Method))
		}
	}
	if err := w.err(); err != nil {
		return nil, err
	}
	return h.apiOnInvoice(ctx, who, in.ID, func(id models.InvoiceID) (models.Invoice, error) {
		return h.Payouts.MarkPaidElsewhere(ctx, who.Tenant, id, how, who.actor())
	})
}

// apiOnInvoice does something with the invoice that an id names, and shows it as it then stands.
func (h *House) apiOnInvoice(ctx context.Context, who apiCall, text string, do func(models.InvoiceID) (models.Invoice, error)) (*apiBody[apiInvoiceShape], error) {
	id, err := models.ParseID[models.InvoiceID](text)
	if err != nil {
		return nil, err
	}
	i, err := do(id)
	if err != nil {
		return nil, err
	}
	return h.apiOneInvoice(ctx, who, i)
}

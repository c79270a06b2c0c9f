package handlers

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"portal/models"
	"portal/store"
)

// apiPartners maps the partners and what they are owed.
func (h *House) apiPartners(d apiDoor) {
	apiAdd(d, "POST", "/v1/partners", 201, "Add a partner", h.apiPartnerAdd)
	apiAdd(d, "GET", "/v1/partners", 200, "List the partners", h.apiPartnerList)
	apiAdd(d, "GET", "/v1/partners/{key}", 200, "Show a partner", h.apiPartnerShow)
	apiAdd(d, "PATCH", "/v1/partners/{key}", 200, "Change a partner; only the fields that are given change", h.apiPartnerChange)
	apiAdd(d, "GET", "/v1/partners/{key}/balance", 200, "Show where a partner's money stands, by currency", h.apiPartnerBalance)
}

// apiByKey is the path of one thing.
type apiByKey struct {
	Key string `path:"key"`
}

// apiRef names another thing by its key.
type apiRef struct {
	Key string `json:"key"`
}

func apiRefTo(key *string) *apiRef {
	if key == nil {
		return nil
	}
	return &apiRef{*key}
}

type apiPartnerShape struct {
	Key      string  `json:"key" example:"PARTNER_A"`
	Name     string  `json:"name"`
	Email    *string `json:"email"`
	Currency string  `json:"currency" example:"eur" doc:"What the partner is paid in."`
	Country  *string `json:"country" example:"DE"`
	Status   string  `json:"status" enum:"pending,active,paused,banned" doc:"Only an active partner earns."`
}

func apiPartnerOf(p models.Partner) apiPartnerShape {
	return apiPartnerShape{Key: p.Key, Name: p.Name, Email: p.Email, Currency: string(p.Currency), Country: p.Country, Status: p.Status}
}

type apiPartnerIn struct {
	Key      string  `json:"key" example:"PARTNER_A" doc:"What links and metadata carry: 1 to 200 letters, digits, _ and -."`
	Name     *string `json:"name,omitempty" nullable:"true" doc:"The key when it is left out."`
	Email    *string `json:"email,omitempty" nullable:"true"`
	Currency *string `json:"currency,omitempty" nullable:"true" example:"eur" doc:"The program's when it is left out."`
	Country  *string `json:"country,omitempty" nullable:"true" example:"DE"`
	Status   *string `json:"status,omitempty" nullable:"true" enum:"pending,active,paused,banned" doc:"active when it is left out."`
}

func (h *House) apiPartnerAdd(ctx context.Context, who apiCall, in *struct{ Body apiPartnerIn }) (*apiBody[apiPartnerShape], error) {
	program, err := h.Store.Program(ctx, who.Company, who.Program)
	if err != nil {
		return nil, err
	}
	p, err := in.Body.partner(program.Currency, h.now())
	if err != nil {
		return nil, err
	}
	p.Tenant = who.Tenant
	err = h.Inbox.AddPartner(ctx, p, who.actor())
	return &apiBody[apiPartnerShape]{apiPartnerOf(p)}, err
}

func (in apiPartnerIn) partner(c models.Currency, now time.Time) (models.Partner, error) {
	var w apiWrong
	p := models.Partner{ID: models.NewID[models.PartnerID](now), Key: in.Key, Name: in.Key, Currency: c, Status: models.PartnerPending, CreatedAt: now}
	if !models.IsPartnerKey(in.Key) {
		w.say("key", "must be 1 to 200 letters, digits, _ and -")
	}
	if in.Name != nil {
		p.Name = w.text("name", *in.Name, 200)
	}
	if in.Email != nil {
		p.Email = new(w.email("email", *in.Email))
	}
	if in.Currency != nil {
		p.Currency = w.currency("currency", *in.Currency)
	}
	if in.Country != nil {
		p.Country = new(w.country("country", *in.Country))
	}
	if p.Begin(models.PartnerActive); in.Status != nil {
		p.Begin(*in.Status)
	}
	return p, w.err()
}

func (h *House) apiPartnerList(ctx context.Context, who apiCall, in *struct{ APIPage }) (*apiBody[apiList[apiPartnerShape]], error) {
	load := func(p store.Page) ([]models.Partner, error) { return h.Store.Partners(ctx, who.Tenant, p) }
	key := func(p models.Partner) (time.Time, fmt.Stringer) { return time.Time{}, p.ID }
	return apiPaged(in.APIPage, load, key, apiEach(apiPartnerOf))
}

func (h *House) apiPartnerShow(ctx context.Context, who apiCall, in *apiByKey) (*apiBody[apiPartnerShape], error) {
	p, err := h.Store.PartnerByKey(ctx, who.Tenant, in.Key)
	return &apiBody[apiPartnerShape]{apiPartnerOf(p)}, err
}

type apiPartnerPatch struct {
	Key      apiField[string] `json:"key,omitzero" doc:"Stays as it is; given to be written back unchanged."`
	Name     apiField[string] `json:"name,omitzero"`
	Email    apiField[string] `json:"email,omitzero" nullable:"true"`
	Currency apiField[string] `json:"currency,omitzero" doc:"Stays as it is; given to be written back unchanged."`
	Country  apiField[string] `json:"country,omitzero" nullable:"true"`
	Status   apiField[string] `json:"status,omitzero" enum:"pending,active,paused,banned"`
}

func (h *House) apiPartnerChange(ctx context.Context, who apiCall, in *struct {
	Key  string `path:"key"`
	Body apiPartnerPatch
}) (*apiBody[apiPartnerShape], error) {
	var p models.Partner
	err := h.Store.InTx(ctx, func(tx *store.Store) (err error) {
		if err := tx.LockBucket(ctx, who.Tenant); err != nil {
			return err
		}
		if p, err = tx.PartnerByKey(ctx, who.Tenant, in.Key); err != nil {
			return err
		}
		before := p
		if err := in.Body.onto(&p, h.now().Truncate(time.Second)); err != nil {
			return err
		}
		if reflect.DeepEqual(before, p) {
			return nil
		}
		if err := tx.SavePartner(ctx, p, h.now()); err != nil {
			return fmt.Errorf("change partner %s: %w", p.ID, err)
		}
		return tx.Audited(ctx, who.Company, who.actor(), "partner.changed", p.ID.String(), p.Key+" is "+p.Status, h.Now())
	})
	return &apiBody[apiPartnerShape]{apiPartnerOf(p)}, err
}

func (f apiPartnerPatch) onto(p *models.Partner, now time.Time) error {
	var w apiWrong
	f.Key.into(&w, "key", func(text string) {
		if text != p.Key {
			w.say("key", "cannot be changed: links and metadata carry it")
		}
	})
	f.Currency.into(&w, "currency", func(text string) {
		if c := w.currency("currency", text); c != p.Currency && c != "" {
			w.say("currency", "cannot be changed: the partner's commissions are booked in it")
		}
	})
	f.Name.into(&w, "name", func(text string) { p.Name = w.text("name", text, 200) })
	apiOrNull(f.Email, &p.Email, func(text string) string { return w.email("email", text) })
	apiOrNull(f.Country, &p.Country, func(text string) string { return w.country("country", text) })
	f.Status.into(&w, "status", func(text string) { p.Turn(text, now) })
	return w.err()
}

type apiBalance struct {
	Currency string `json:"currency" example:"usd"`
	Held     string `json:"held" example:"20.00" doc:"Earned, and not payable yet."`
	Due      string `json:"due" example:"0.00" doc:"Payable; below zero when the partner owes."`
	Invoiced string `json:"invoiced" example:"0.00"`
	Paid     string `json:"paid" example:"0.00"`
}

func (h *House) apiPartnerBalance(ctx context.Context, who apiCall, in *apiByKey) (*apiBody[apiAll[apiBalance]], error) {
	p, err := h.Store.PartnerByKey(ctx, who.Tenant, in.Key)
	if err != nil {
		return nil, err
	}
	balances, err := h.Store.BalancesOf(ctx, who.Tenant, p.ID)
	if err != nil {
		return nil, err
	}
	list := []apiBalance{}
	own := false
	for _, b := range balances {
		own = own || b.Currency == p.Currency
		list = append(list, apiBalance{string(b.Currency), b.Held.Decimal(), b.Due.Decimal(), b.Invoiced.Decimal(), b.Paid.Decimal()})
	}
	if zero := (models.Money{Currency: p.Currency}).Decimal(); !own {
		list = append(list, apiBalance{string(p.Currency), zero, zero, zero, zero})
	}
	return &apiBody[apiAll[apiBalance]]{apiAll[apiBalance]{list}}, nil
}

// apiPartnerID finds the partner that a filter names. None given is nil; one that does not exist is none.
func (h *House) apiPartnerID(ctx context.Context, who apiCall, key string) (id *models.PartnerID, none bool, err error) {
	if key == "" {
		return nil, false, nil
	}
	p, err := h.Store.PartnerByKey(ctx, who.Tenant, key)
	if errors.Is(err, models.ErrNotFound) {
		return nil, true, nil
	}
	return &p.ID, false, err
}

package handlers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"portal/inbox"
	"portal/models"
	"portal/store"
)

// apiCustomers maps the customers and whose they are.
func (h *House) apiCustomers(d apiDoor) {
	apiAdd(d, "POST", "/v1/customers", 201, "Add a customer, linked to a partner from now on when one is named", h.apiCustomerAdd)
	apiAdd(d, "GET", "/v1/customers", 200, "List the customers", h.apiCustomerList)
	apiAdd(d, "GET", "/v1/customers/{key}", 200, "Show a customer; cus_123 names the one with that Stripe id", h.apiCustomerShow)
	apiAdd(d, "PATCH", "/v1/customers/{key}", 200, "Change a customer; a Stripe id links later payments under it by hand", h.apiCustomerChange)
}

type apiCustomerShape struct {
	Key       string    `json:"key"`
	Email     *string   `json:"email"`
	Name      *string   `json:"name"`
	Partner   *apiRef   `json:"partner" doc:"Whose customer it is now."`
	StripeID  *string   `json:"stripe_customer_id" example:"cus_123"`
	CreatedAt time.Time `json:"created_at"`
}

// apiCustomersOf shapes customers with the partners they belong to now.
func (h *House) apiCustomersOf(ctx context.Context, who apiCall) func([]models.Customer) ([]apiCustomerShape, error) {
	return func(rows []models.Customer) ([]apiCustomerShape, error) {
		var ids []models.CustomerID
		for _, c := range rows {
			ids = append(ids, c.ID)
		}
		partners, err := h.Store.PartnersOfCustomers(ctx, who.Tenant, ids)
		if err != nil {
			return nil, err
		}
		return apiEach(func(c models.Customer) apiCustomerShape {
			shape := apiCustomerShape{Key: c.Key, Email: c.Email, Name: c.Name, StripeID: c.StripeID, CreatedAt: c.CreatedAt.UTC()}
			if key, linked := partners[c.ID]; linked {
				shape.Partner = &apiRef{key}
			}
			return shape
		})(rows)
	}
}

func (h *House) apiCustomerOf(ctx context.Context, who apiCall, c models.Customer) (*apiBody[apiCustomerShape], error) {
	list, err := h.apiCustomersOf(ctx, who)([]models.Customer{c})
	if err != nil {
		return nil, err
	}
	return &apiBody[apiCustomerShape]{list[0]}, nil
}

// apiStripeID is the Stripe id that a key stands for: cus_123 and stripe_cus_123 mean the same customer.
func apiStripeID(key string) (string, bool) {
	id := strings.TrimPrefix(key, "stripe_")
	return id, strings.HasPrefix(id, "cus_")
}

func (h *House) apiCustomerNamed(ctx context.Context, who apiCall, key string) (models.Customer, error) {
	if id, ok := apiStripeID(key); ok {
		if c, err := h.Store.CustomerByStripeID(ctx, who.Tenant, id); !errors.Is(err, models.ErrNotFound) {
			return c, err
		}
	}
	return h.Store.CustomerByKey(ctx, who.Tenant, key)
}

type apiCustomerIn struct {
	Key      string  `json:"key" doc:"Your own id of the customer. cus_123 stands for stripe_cus_123, the customer with that Stripe id."`
	Email    *string `json:"email,omitempty" nullable:"true"`
	Name     *string `json:"name,omitempty" nullable:"true"`
	Partner  *apiRef `json:"partner,omitempty"`
	StripeID *string `json:"stripe_customer_id,omitempty" nullable:"true" example:"cus_123"`
}

func (h *House) apiCustomerAdd(ctx context.Context, who apiCall, in *struct{ Body apiCustomerIn }) (*apiBody[apiCustomerShape], error) {
	key, change, err := in.Body.change()
	if err != nil {
		return nil, err
	}
	change.Program = who.Program
	c, err := h.Inbox.AddCustomer(ctx, who.Tenant, key, change, "api", who.actor())
	if err != nil {
		return nil, err
	}
	return h.apiCustomerOf(ctx, who, c)
}

func (in apiCustomerIn) change() (string, inbox.CustomerChange, error) {
	var w apiWrong
	var change inbox.CustomerChange
	key := w.text("key", in.Key, 255)
	if id, ok := apiStripeID(key); ok {
		key, change.StripeID = "stripe_"+id, &id
	}
	if in.StripeID != nil {
		id := w.stripeID("stripe_customer_id", *in.StripeID)
		if change.StripeID != nil && *change.StripeID != id {
			w.say("stripe_customer_id", "is another than the key names")
		}
		change.StripeID = &id
	}
	if in.Email != nil {
		change.Email = new(w.email("email", *in.Email))
	}
	if in.Name != nil {
		change.Name = new(w.text("name", *in.Name, 200))
	}
	if in.Partner != nil {
		change.Partner = &in.Partner.Key
	}
	return key, change, w.err()
}

func (w *apiWrong) stripeID(field, text string) string {
	text = w.text(field, text, 255)
	if !strings.HasPrefix(text, "cus_") {
		w.say(field, "must be a Stripe customer id; it begins with cus_")
	}
	return text
}

func (h *House) apiCustomerList(ctx context.Context, who apiCall, in *struct {
	APIPage
	Email    string `query:"email"`
	StripeID string `query:"stripe_customer_id"`
}) (*apiBody[apiList[apiCustomerShape]], error) {
	load := func(p store.Page) ([]models.Customer, error) {
		return h.Store.Customers(ctx, who.Tenant, in.Email, in.StripeID, p)
	}
	key := func(c models.Customer) (time.Time, fmt.Stringer) { return time.Time{}, c.ID }
	return apiPaged(in.APIPage, load, key, h.apiCustomersOf(ctx, who))
}

func (h *House) apiCustomerShow(ctx context.Context, who apiCall, in *apiByKey) (*apiBody[apiCustomerShape], error) {
	c, err := h.apiCustomerNamed(ctx, who, in.Key)
	if err != nil {
		return nil, err
	}
	return h.apiCustomerOf(ctx, who, c)
}

type apiCustomerPatch struct {
	Key      apiField[string] `json:"key,omitzero" doc:"Stays as it is; given to be written back unchanged."`
	Email    apiField[string] `json:"email,omitzero" nullable:"true"`
	Name     apiField[string] `json:"name,omitzero" nullable:"true"`
	Partner  apiField[apiRef] `json:"partner,omitzero" doc:"Whose customer it is from now on."`
	StripeID apiField[string] `json:"stripe_customer_id,omitzero" example:"cus_123"`
}

func (h *House) apiCustomerChange(ctx context.Context, who apiCall, in *struct {
	Key  string `path:"key"`
	Body apiCustomerPatch
}) (*apiBody[apiCustomerShape], error) {
	c, err := h.apiCustomerNamed(ctx, who, in.Key)
	if err != nil {
		return nil, err
	}
	change, err := in.Body.change(c)
	if err != nil {
		return nil, err
	}
	change.Program = who.Program
	if c, err = h.Inbox.ChangeCustomer(ctx, c, change, "api", who.actor()); err != nil {
		return nil, err
	}
	return h.apiCustomerOf(ctx, who, c)
}

func (f apiCustomerPatch) change(c models.Customer) (change inbox.CustomerChange, err error) {
	var w apiWrong
	f.Key.into(&w, "key", func(text string) {
		if text != c.Key {
			w.say("key", "cannot be changed")
		}
	})
	change.Email = f.Email.orEmpty(func(text string) string { return w.email("email", text) })
	change.Name = f.Name.orEmpty(func(text string) string { return w.text("name", text, 200) })
	f.Partner.into(&w, "partner", func(p apiRef) { change.Partner = &p.Key })
	f.StripeID.into(&w, "stripe_customer_id", func(text string) { change.StripeID = new(w.stripeID("stripe_customer_id", text)) })
	return change, w.err()
}

// apiCustomerID finds the customer that a filter names. None given is nil; one that does not exist is none.
func (h *House) apiCustomerID(ctx context.Context, who apiCall, key string) (id *models.CustomerID, none bool, err error) {
	if key == "" {
		return nil, false, nil
	}
	c, err := h.apiCustomerNamed(ctx, who, key)
	if errors.Is(err, models.ErrNotFound) {
		return nil, true, nil
	}
	return &c.ID, false, err
}

package inbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"portal/models"
	"portal/store"
)

// sortOut settles a payment of somebody who may be one person with others: it finds out anew who is who among all of them,
// gives each payment to its person, and decides anew from the first that moved.
func (in *Inbox) sortOut(ctx context.Context, tx *store.Store, before store.PaymentRow, now *told, from since) error {
	w, err := in.around(ctx, tx, before, now)
	if err != nil {
		return err
	}
	for _, address := range now.former {
		from = w.with(address, from)
	}
	people, group, from, err := in.seated(ctx, tx, before.Tenant, w, now, from)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(people, func(who *person) bool { return who.paid(now.ID) })
	if i < 0 {
		if err := in.decide(ctx, tx, now, nil); err != nil {
			return err
		}
	} else if address := models.NormalEmail(now.Customer.Email); people[i].isNew(address, now.ID) {
		from = w.with(address, from)
	}
	return in.redecideAll(ctx, tx, before.Tenant, group, from, now)
}

// sortWithout finds out anew who is who among all around a record that a payment has left: what the payment told of them
// does not hold any more.
func (in *Inbox) sortWithout(ctx context.Context, tx *store.Store, left models.Customer, gone models.Payment, from since) error {
	w, err := in.gather(ctx, tx, left.Tenant, []models.Customer{left}, gone.Customer)
	if err != nil {
		return err
	}
	_, group, from, err := in.seated(ctx, tx, left.Tenant, w, nil, w.with(models.NormalEmail(gone.Customer.Email), from))
	if err != nil {
		return err
	}
	return in.redecideAll(ctx, tx, left.Tenant, group, from, nil)
}

// with is from when on an address matters that somebody has only now, or no more: from the first payment with it (D14).
func (w party) with(address string, from since) since {
	for _, pay := range w.pays {
		if pay.Email == address && address != "" {
			from = from.or(pay.PaidAt, pay.Key)
		}
	}
	return from
}

// paid tells whether a payment is this person's.
func (who *person) paid(id models.PaymentID) bool {
	return slices.ContainsFunc(who.pays, func(pay store.Identity) bool { return pay.Payment == id })
}

// isNew tells whether no other payment of this person bears an address.
func (who *person) isNew(address string, but models.PaymentID) bool {
	return !slices.ContainsFunc(who.pays, func(pay store.Identity) bool { return pay.Payment != but && pay.Email == address })
}

// seated sorts a party out and keeps who is who. It gives the people, their records, and from when on something moved.
// Now is the payment that is settled; nil for none.
func (in *Inbox) seated(ctx context.Context, tx *store.Store, t models.Tenant, w party, now *told, from since) ([]*person, map[models.CustomerID]models.Customer, since, error) {
	people := w.sorted()
	from, err := in.seatAll(ctx, tx, t, w, people, now, from)
	if err != nil {
		return nil, nil, from, err
	}
	if from, err = in.giveAll(ctx, tx, t, w, people, from); err != nil {
		return nil, nil, from, err
	}
	group := map[models.CustomerID]models.Customer{}
	for _, who := range people {
		if who.row != nil {
			group[who.row.ID] = *who.row
		}
	}
	return people, group, from, nil
}

// around is everybody whom a payment may concern.
func (in *Inbox) around(ctx context.Context, tx *store.Store, before store.PaymentRow, now *told) (party, error) {
	who := now.Customer
	address := models.NormalEmail(who.Email)
	self := store.Identity{Payment: now.ID, Key: now.Key, PaidAt: now.PaidAt, StripeID: who.StripeID, APIKey: who.Key, Email: address, FindOnly: who.FindOnly, Customer: before.Customer}
	rows, err := in.named(ctx, tx, before, who)
	if err != nil {
		return party{}, err
	}
	w, err := in.gather(ctx, tx, before.Tenant, rows, who, now.former...)
	if err != nil {
		return w, err
	}
	w.pays = append(slices.DeleteFunc(w.pays, func(pay store.Identity) bool { return pay.Payment == now.ID }), self)
	slices.SortFunc(w.pays, func(a, b store.Identity) int { return cmp.Or(a.PaidAt.Compare(b.PaidAt), cmp.Compare(a.Key, b.Key)) })
	return w, nil
}

// gather finds everybody around some records and whom a payment names.
func (in *Inbox) gather(ctx context.Context, tx *store.Store, t models.Tenant, rows []models.Customer, who models.PaymentCustomer, former ...string) (w party, err error) {
	rows = slices.DeleteFunc(rows, func(row models.Customer) bool { return row.Composite })
	found, addresses, err := in.akin(ctx, tx, t, rows, append(former, models.NormalEmail(who.Email))...)
	if err != nil {
		return w, err
	}
	w.rows = slices.SortedFunc(maps.Values(found), func(a, b models.Customer) int { return a.ID.Compare(b.ID) })
	w.pays, err = tx.Identities(ctx, t, slices.Collect(maps.Keys(found)), addresses, who.StripeID, who.Key)
	return w, err
}

// akin are some records and all who share an address with them or have one of some more, on their record or on any payment, and
// all who share one with those; and all those addresses.
func (in *Inbox) akin(ctx context.Context, tx *store.Store, t models.Tenant, rows []models.Customer, addresses ...string) (map[models.CustomerID]models.Customer, []string, error) {
	found, asked := map[models.CustomerID]models.Customer{}, map[string]bool{}
	for len(rows) > 0 || len(addresses) > 0 {
		var fresh []models.CustomerID
		for _, row := range rows {
			if _, known := found[row.ID]; !known {
				found[row.ID], fresh = row, append(fresh, row.ID)
			}
		}
		more, err := tx.AddressesOf(ctx, t, fresh)
		if err != nil {
			return nil, nil, err
		}
		rows, addresses = nil, append(addresses, more...)
		for _, address := range addresses {
			if asked[address] || address == "" {
				continue
			}
			asked[address] = true
			same, err := tx.CustomersByEmail(ctx, t, address)
			if err != nil {
				return nil, nil, err
			}
			rows = append(rows, same...)
		}
		addresses = nil
	}
	return found, slices.Collect(maps.Keys(asked)), nil
}

// named are the records that a payment names, by id and by key, and the one that it was taken to be of. A record of a new
// key is made.
func (in *Inbox) named(ctx context.Context, tx *store.Store, before store.PaymentRow, who models.PaymentCustomer) ([]models.Customer, error) {
	var rows []models.Customer
	add := func(c models.Customer, err error) error {
		if err == nil {
			rows = append(rows, c)
		} else if !errors.Is(err, models.ErrNotFound) {
			return err
		}
		return nil
	}
	if who.Key != "" { // before the others are read, one of whom it may be: it may get an address
		if err := add(in.keyed(ctx, tx, before.Tenant, who)); err != nil {
			return nil, fmt.Errorf("name customer %s: %w", who.Key, err)
		}
	}
	if before.Customer != nil {
		if err := add(tx.Customer(ctx, before.Tenant, *before.Customer)); err != nil {
			return nil, err
		}
	}
	if who.StripeID != "" {
		if err := add(tx.CustomerByStripeID(ctx, before.Tenant, who.StripeID)); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// keyed is the record that the API names by its key. One of a new key is made, unless it was only to be found.
func (in *Inbox) keyed(ctx context.Context, tx *store.Store, t models.Tenant, who models.PaymentCustomer) (models.Customer, error) {
	c, err := tx.CustomerByKey(ctx, t, who.Key)
	if errors.Is(err, models.ErrNotFound) && !who.FindOnly {
		who.StripeID = "" // whether it is theirs is to be sorted out
		made, err := in.newCustomer(ctx, tx, t, who.Key, who)
		if err != nil {
			return c, err
		}
		return *made, nil
	} else if err == nil {
		err = in.fill(ctx, tx, &c, who)
	}
	return c, err
}

// seatAll keeps a record for everybody, with the provider's id that is theirs. Whose id is another one, or is known in
// another way, is decided anew from their first payment on: it tells from when on.
func (in *Inbox) seatAll(ctx context.Context, tx *store.Store, t models.Tenant, w party, people []*person, now *told, from since) (since, error) {
	had := map[models.CustomerID]models.Customer{}
	for _, row := range w.rows {
		had[row.ID] = row
	}
	for id, row := range had { // first free what is another's now
		i := slices.IndexFunc(people, func(who *person) bool { return who.row != nil && who.row.ID == id })
		if row.StripeID != nil && (i < 0 || people[i].stripeID != *row.StripeID) {
			row.StripeID, row.Taught = nil, false
			if err := tx.SaveCustomer(ctx, row); err != nil {
				return from, err
			}
		}
	}
	for _, who := range people {
		left, err := in.readdress(ctx, tx, who, now)
		if err != nil {
			return from, err
		}
		from = w.with(left, from)
		anew, err := in.seatOne(ctx, tx, t, who, now)
		if err != nil {
			return from, err
		}
		if anew && len(who.pays) > 0 {
			from = from.or(who.pays[0].PaidAt, who.pays[0].Key)
		}
	}
	return from, nil
}

// readdress gives a record that payments made the address of the first of them: which came first makes no difference. An
// address that somebody set, or that the provider's list told, stays. It gives the address that the record does not have any
// more; empty for none.
func (in *Inbox) readdress(ctx context.Context, tx *store.Store, who *person, now *told) (left string, err error) {
	c := who.row
	if c == nil || who.named || who.stripeID == "" || c.EmailSet || c.ToldID != nil || c.Email == nil {
		return "", nil
	}
	own, first := models.NormalEmail(*c.Email), who.firstAddress(now)
	if first == "" || models.NormalEmail(first) == own {
		return "", nil
	}
	c.Email = &first
	return own, tx.SaveCustomer(ctx, *c)
}

// firstAddress is that of the first of somebody's payments that has one, as it was written where that is known.
func (who *person) firstAddress(now *told) string {
	for _, pay := range who.pays {
		if now != nil && pay.Payment == now.ID && now.Customer.Email != "" {
			return now.Customer.Email
		}
		if pay.Email != "" {
			return pay.Email
		}
	}
	return ""
}

func (in *Inbox) seatOne(ctx context.Context, tx *store.Store, t models.Tenant, who *person, now *told) (anew bool, err error) {
	whose := models.PaymentCustomer{StripeID: who.stripeID, Email: who.firstAddress(now)}
	if now != nil && who.paid(now.ID) {
		whose.Name = now.Customer.Name
	}
	if who.row == nil {
		key := "stripe_" + who.stripeID
		if who.stripeID == "" {
			key = guestKey(tx, t.Company, who.address)
		}
		made, err := in.newCustomer(ctx, tx, t, key, whose)
		who.row = made
		return true, err
	}
	if id := who.row.StripeID; who.stripeID == "" && id != nil {
		who.row.StripeID, who.row.Taught, anew = nil, false, true
	} else if who.stripeID != "" && (id == nil || *id != who.stripeID || who.row.Taught != who.taught && who.named) {
		who.row.StripeID, who.row.Taught, anew = &who.stripeID, who.taught, true
		if err := tx.SaveCustomer(ctx, *who.row); err != nil {
			return anew, err
		}
	}
	if who.named {
		return anew, nil
	}
	return anew, in.fill(ctx, tx, who.row, whose)
}

// giveAll gives each payment to its person, and what is left of records that are nobody's to whoever got their payments.
// It tells from when on something moved.
func (in *Inbox) giveAll(ctx context.Context, tx *store.Store, t models.Tenant, w party, people []*person, from since) (since, error) {
	heirs, owner := map[models.CustomerID]models.CustomerID{}, map[models.PaymentID]models.CustomerID{}
	for _, who := range people {
		for _, pay := range who.pays {
			owner[pay.Payment] = who.row.ID
			if pay.Customer != nil {
				heirs[*pay.Customer] = who.row.ID
			}
		}
	}
	for _, pay := range w.pays {
		to, has := owner[pay.Payment]
		if has == (pay.Customer != nil) && (!has || *pay.Customer == to) {
			continue
		}
		from = from.or(pay.PaidAt, pay.Key)
		var id *models.CustomerID
		if has {
			id = &to
		}
		if err := tx.GivePayments(ctx, t, []models.PaymentID{pay.Payment}, id); err != nil {
			return from, err
		}
	}
	for _, row := range w.rows {
		if slices.ContainsFunc(people, func(who *person) bool { return who.row != nil && who.row.ID == row.ID }) {
			continue
		}
		if i := slices.IndexFunc(people, func(who *person) bool { return isTold(row) && who.stripeID == *row.StripeID }); i >= 0 {
			heirs[row.ID] = people[i].row.ID // what people set on it before anything was paid
		}
		if err := in.pass(ctx, tx, row, heirs); err != nil {
			return from, fmt.Errorf("drop customer %s: %w", row.Key, err)
		}
	}
	return from, nil
}

// pass gives what people set on a record that is nobody's any more to the heir, and drops it.
func (in *Inbox) pass(ctx context.Context, tx *store.Store, row models.Customer, heirs map[models.CustomerID]models.CustomerID) error {
	if err := tx.ForgetLinks(ctx, row.Tenant, row.ID, beginning.at, beginning.key); err != nil {
		return err
	}
	if heir, has := heirs[row.ID]; has {
		return tx.MoveCustomer(ctx, row.Tenant, row.ID, heir)
	}
	_, err := tx.DropUnused(ctx, row.Tenant, row.ID)
	return err
}

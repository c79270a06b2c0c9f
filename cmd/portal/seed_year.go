package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"portal/models"
	"portal/sandbox"
	"portal/store"
)

// plan draws the year's subscribers. One partner is paid in euro for sales in dollars, at the rate of each sale.
func (s *seeder) plan(first, today time.Time) {
	days := int(today.Sub(first).Hours() / 24)
	for n := range 52 {
		begins := first.AddDate(0, 0, s.chance.IntN(days-10)).Add(time.Duration(8*60+s.chance.IntN(600)) * time.Minute)
		name := firstNames[s.chance.IntN(len(firstNames))]
		firm := firms[n%len(firms)]
		p := demoPartners[s.chance.IntN(len(demoPartners))]
		net := plans[s.chance.IntN(len(plans))]
		o := sandbox.Order{Email: fmt.Sprintf("%s@%s%d.example", strings.ToLower(name), firm, n), Name: name + " at " + firm, Partner: p.key,
			Told: sandbox.ByMetadata, Amount: net, Currency: string(p.sells), Product: "Lumen", At: begins}
		if p.sells == "eur" {
			o.Tax = net * 19 / 100 // whole cents for every plan
			o.Amount += o.Tax
		}
		switch {
		case n%7 == 3:
			o.Partner, o.Told = "", sandbox.ByNothing
		case n%5 == 1:
			o.Told = sandbox.ByReference
		}
		s.people = append(s.people, &subscriber{order: o, next: begins, ends: begins.AddDate(0, 2+s.chance.IntN(12), 0)})
	}
	s.strays(today)
}

// strays are customers of the last weeks who came without a partner although somebody may have brought them: a colleague
// of a partner's customer, a key in small letters, one with a letter amiss, somebody who pays from a private address. They
// leave the year's chance as it is.
func (s *seeder) strays(today time.Time) {
	n := slices.IndexFunc(s.people, func(who *subscriber) bool {
		return who.order.Told == sandbox.ByMetadata && who.order.At.Before(today.AddDate(0, -4, 0))
	})
	known := s.people[n].order
	_, firm, _ := strings.Cut(known.Email, "@")
	for i, o := range []sandbox.Order{
		{Email: "billing@" + firm, Name: "Accounts payable", Amount: 29900},
		{Email: "studio@northlight.example", Name: "North Light Studio", Partner: "atlas", Told: sandbox.ByReference, Amount: 9900},
		{Email: "marta@ferrow.example", Name: "Marta Ferrow", Partner: "NORRA", Told: sandbox.ByMetadata, Amount: 9900},
		{Email: strings.ReplaceAll(firstWord(known.Name)+"."+firm[:4], " ", "") + "@gmail.com", Name: known.Name, Amount: 2900},
	} {
		o.Currency, o.Product, o.At = "usd", "Lumen", today.AddDate(0, 0, -3-5*i).Add(time.Duration(9+i)*time.Hour)
		s.people = append(s.people, &subscriber{order: o, next: o.At, ends: o.At, stray: true})
	}
}

func firstWord(name string) string {
	first, _, _ := strings.Cut(strings.ToLower(name), " ")
	return first
}

// live lets one day happen: sales, renewals and refunds in their order, then what Portal does with them.
func (s *seeder) live(ctx context.Context, day, today time.Time) error {
	evening := day.Add(20 * time.Hour)
	if err := keepRates(ctx, s.rates, day.AddDate(0, 0, -1)); err != nil {
		return err
	}
	for _, who := range s.people {
		if who.next.Before(day) || !who.next.Before(day.AddDate(0, 0, 1)) || who.next.After(who.ends) || who.next.After(time.Now()) {
			continue
		}
		if err := s.sell(who); err != nil {
			return err
		}
	}
	s.at(evening)
	if err := s.sandbox.Flush(ctx); err != nil {
		return err
	}
	if err := s.house.Inbox.Drain(ctx); err != nil {
		return err
	}
	if day.Equal(today.AddDate(0, 0, -45)) {
		if err := s.bonus(ctx); err != nil {
			return err
		}
	}
	if day.Day() == 1 {
		return s.payday(ctx, day, today)
	}
	return nil
}

// bonus thanks a partner by hand, once in the year.
func (s *seeder) bonus(ctx context.Context) error {
	_, err := s.house.Inbox.Adjust(ctx, models.Adjustment{Tenant: s.caller.Tenant, ID: models.NewID[models.AdjustmentID](s.clock.now()), Partner: s.partners["NORA"].ID,
		Program: &s.caller.Program, Minor: 15000, Currency: "usd", Reason: "Thank you for the webinar on dashboards"}, s.finance)
	return err
}

// sell lets a subscriber pay: the first time through Checkout, later as a renewal. Every eleventh payment is refunded in part.
func (s *seeder) sell(who *subscriber) error {
	s.at(who.next)
	var sold sandbox.Sold
	var err error
	if who.id == "" {
		sold, err = s.sandbox.Subscribe(shopAccount, who.order)
		who.id = sold.Subscription
	} else {
		sold, err = s.sandbox.Renew(shopAccount, who.id, who.next)
	}
	if err != nil {
		return fmt.Errorf("sell to %s: %w", who.order.Email, err)
	}
	who.renewed++
	if back := who.next.Add(3 * time.Hour); !who.stray && s.chance.IntN(11) == 0 && back.Before(time.Now()) {
		s.at(back)
		if _, err := s.sandbox.Refund(shopAccount, sold.Charge, who.order.Amount/int64(1+s.chance.IntN(3)), back); err != nil {
			return fmt.Errorf("refund %s: %w", sold.Charge, err)
		}
	}
	who.next = who.order.At.AddDate(0, who.renewed, 0)
	return nil
}

// payday pays what was approved, approves what was drawn up before, and draws up what is due, so that the last months
// stand in review and approved when the visitor comes.
func (s *seeder) payday(ctx context.Context, day, today time.Time) error {
	if err := errors.Join(s.store.Analyze(ctx), s.house.Payouts.EndHolds(ctx)); err != nil {
		return err
	}
	open, err := s.store.Invoices(ctx, s.caller.Tenant, nil, models.InReview, store.Page{Limit: 200})
	if err != nil {
		return err
	}
	for _, i := range open {
		if i, err = s.house.Payouts.Approve(ctx, i.Tenant, i.ID, s.finance); err != nil {
			return fmt.Errorf("approve %s: %w", i.Number, err)
		}
		if today.Sub(day) < 31*24*time.Hour && i.PartnerKey != "ATLAS" {
			continue // the visitor finds these approved, and pays them
		}
		if err := s.pay(ctx, i, day); err != nil {
			return err
		}
	}
	_, err = s.house.Payouts.DrawUp(ctx, s.caller.Tenant, day, 0, s.finance)
	return err
}

func (s *seeder) pay(ctx context.Context, i models.Invoice, day time.Time) error {
	var err error
	if s.partners[i.PartnerKey].StripeAccount == nil {
		_, err = s.house.Payouts.MarkPaid(ctx, i.Tenant, i.ID, "Bank transfer "+day.Format("2006-01"), day.Add(10*time.Hour), s.finance)
	} else {
		_, err = s.house.Payouts.Pay(ctx, i.Tenant, i.ID, s.finance)
	}
	if err != nil {
		return fmt.Errorf("pay %s: %w", i.Number, err)
	}
	return nil
}

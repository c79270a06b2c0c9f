package inbox

import (
	"context"
	"time"

	"portal/attribution"
	"portal/models"
	"portal/sources"
	"portal/store"
)

// Suggest ranks for each of these payments the partners who may have brought its customer, with the reasons (B2). It
// takes five statements, however many payments there are.
func (in *Inbox) Suggest(ctx context.Context, t models.Tenant, rows []store.PaymentRow) (map[models.PaymentID][]models.Suggestion, error) {
	strangers, err := in.strangers(ctx, t, rows)
	if err != nil {
		return nil, err
	}
	var sought store.Sought
	var near, codes []string
	for _, s := range strangers {
		sought.Domains = append(sought.Domains, attribution.Domains(s.Emails)...)
		sought.Names = append(sought.Names, attribution.FoldedNames(s.Names)...)
		sought.Keys = append(sought.Keys, s.Key)
		near = append(near, attribution.Near(s.Clues)...)
		for _, c := range s.Clues.Coupons {
			codes = append(codes, models.NormalCode(c.Value))
		}
		for _, address := range s.Emails {
			sought.Emails = append(sought.Emails, models.NormalEmail(address))
		}
	}
	neighbours, err := in.neighbours(ctx, t, sought)
	if err != nil {
		return nil, err
	}
	partners, err := in.Store.PartnersNear(ctx, t, near)
	if err != nil {
		return nil, err
	}
	owners, err := in.Store.CodeOwners(ctx, t, codes)
	if err != nil {
		return nil, err
	}
	var coupons []attribution.Coupon
	for _, o := range owners {
		coupons = append(coupons, attribution.Coupon{Code: o.Code, Partner: o.Partner})
	}
	all := make(map[models.PaymentID][]models.Suggestion, len(strangers))
	for id, s := range strangers {
		all[id] = attribution.Suggest(s, neighbours, partners, coupons)
	}
	return all, nil
}

// strangers are the payments as the rules know them: who paid, and all that came with it.
func (in *Inbox) strangers(ctx context.Context, t models.Tenant, rows []store.PaymentRow) (map[models.PaymentID]attribution.Stranger, error) {
	var ids []models.PaymentID
	var who []models.CustomerID
	for _, p := range rows {
		ids = append(ids, p.ID)
		if p.Customer != nil {
			who = append(who, *p.Customer)
		}
	}
	told, err := in.Store.TellingsOfAll(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	owned, err := in.Store.Owned(ctx, t, who, in.now())
	if err != nil {
		return nil, err
	}
	all := make(map[models.PaymentID]attribution.Stranger, len(rows))
	for _, row := range rows {
		p := sources.Combine(told[row.ID])
		s := attribution.Stranger{Clues: p.Clues, Emails: texts(&p.Customer.Email), Names: texts(&p.Customer.Name)}
		if row.Customer != nil {
			c := owned[*row.Customer]
			s.Customer, s.Key = c.ID, c.Key
			s.Emails, s.Names = append(s.Emails, texts(c.Email)...), append(s.Names, texts(c.Name)...)
		}
		all[row.ID] = s
	}
	return all, nil
}

// texts is a list of one, or of none when there is no text.
func texts(text *string) []string {
	if text == nil || *text == "" {
		return nil
	}
	return []string{*text}
}

func (in *Inbox) neighbours(ctx context.Context, t models.Tenant, sought store.Sought) ([]attribution.Neighbour, error) {
	found, err := in.Store.Neighbours(ctx, t, sought, in.now())
	if err != nil {
		return nil, err
	}
	list := make([]attribution.Neighbour, 0, len(found))
	for _, c := range found {
		list = append(list, attribution.Neighbour{Customer: c.Customer,
			Partner: models.Partner{Tenant: t, ID: c.PartnerID, Key: c.PartnerKey, Name: c.PartnerName, Email: c.PartnerMail}})
	}
	return list, nil
}

// startOfDay is the moment from which a link that reaches back to a day holds.
func startOfDay(day time.Time) time.Time { return day.UTC().Truncate(24 * time.Hour) }

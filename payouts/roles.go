package payouts

import (
	"context"
	"slices"
	"strings"

	"portal/models"
	"portal/store"
)

// mayApprove refuses whom the company's settings do not let approve, withdraw or void.
func (p *Payouts) mayApprove(ctx context.Context, tx *store.Store, t models.Tenant, who models.Actor) error {
	s, err := tx.PayoutSettings(ctx, t)
	if err != nil {
		return err
	}
	return may(s.ApproveRoles, who, "approve invoices")
}

// mayPay refuses whom the company's settings do not let pay, mark as paid or give back.
func (p *Payouts) mayPay(ctx context.Context, tx *store.Store, t models.Tenant, who models.Actor) error {
	s, err := tx.PayoutSettings(ctx, t)
	if err != nil {
		return err
	}
	return may(s.PayRoles, who, "pay invoices")
}

// may is the one check of a role. A key of the API, and Portal itself, are nobody's session and may.
func may(roles []models.Role, who models.Actor, do string) error {
	if who.Person == nil || slices.Contains(roles, who.Role) {
		return nil
	}
	return models.Refuse(models.ErrForbidden, "Your role here may not "+do+". "+RolesMay(roles, do))
}

// RolesMay says who may do something: "Only the owner and admins may approve invoices."
func RolesMay(roles []models.Role, do string) string {
	words := map[models.Role]string{models.Owner: "the owner", models.Admin: "admins", models.Finance: "finance"}
	var names []string
	for _, r := range roles {
		names = append(names, words[r])
	}
	if last := len(names) - 1; last > 0 {
		names = []string{strings.Join(names[:last], ", ") + " and " + names[last]}
	}
	return "Only " + strings.Join(names, "") + " may " + do + "."
}

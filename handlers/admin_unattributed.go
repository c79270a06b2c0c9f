package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/store"
	"portal/views"
)

// strangerShows are the filters of the inbox, in the order of their chips.
var strangerShows = []struct {
	which        store.Strangers
	label, empty string
}{
	{store.StrangersWaiting, "Waiting", "Nothing waits: every payment has a partner, or its customer was linked since."},
	{store.StrangersLinked, "Customer linked since", "No payment here is of a customer who was linked after it."},
	{store.StrangersAll, "All", "Every payment has a partner."},
}

// adminUnattributed lists payments that found no partner, with who may have brought each (B2).
func (h *House) adminUnattributed(c echo.Context, se models.Session) error {
	return h.showUnattributed(c, se, http.StatusOK, views.LinkForm{})
}

// adminUnattributedBack leads from where a form was sent to the page that it stands on.
func (h *House) adminUnattributedBack(c echo.Context, _ models.Session) error {
	return c.Redirect(http.StatusSeeOther, h.inboxAt(c, ""))
}

// inboxAt is the inbox, or something below it, with the filter and the page that the address asks for.
func (h *House) inboxAt(c echo.Context, below string) string {
	return withQuery("/admin/unattributed"+below, url.Values{"show": {c.QueryParam("show")}, "cursor": {c.QueryParam("cursor")}})
}

func (h *House) showUnattributed(c echo.Context, se models.Session, status int, link views.LinkForm) error {
	ctx, t := c.Request().Context(), se.Tenant()
	page, err := pageAsked(c)
	if err != nil {
		return err
	}
	v := views.AdminUnattributed{Now: h.Now(), Link: link}
	which := store.StrangersWaiting
	for _, s := range strangerShows {
		on := string(s.which) == c.QueryParam("show")
		v.Chips = append(v.Chips, views.Chip{Label: s.label, On: on, Href: withQuery("/admin/unattributed", url.Values{"show": {string(s.which)}})})
		if on {
			which, v.Empty = s.which, s.empty
		}
	}
	rows, err := h.Store.Unattributed(ctx, t, which, h.now(), page)
	if err != nil {
		return err
	}
	rows, next := store.Next(rows, page.Limit, func(p store.PaymentRow) (time.Time, fmt.Stringer) { return p.PaidAt, p.ID })
	if v.Rows, err = h.strangerRows(ctx, t, rows); err != nil {
		return err
	}
	if v.AtStake, err = h.atStake(ctx, t, which); err != nil {
		return err
	}
	if admins.takes(se.Role) {
		v.Link.Post = h.inboxAt(c, "/link")
		if v.Link.Offered, err = h.partnersOffered(ctx, t); err != nil {
			return err
		}
	}
	if which != store.StrangersAll {
		v.EmptyDo = views.Action{Label: "Show all without a partner", Href: "/admin/unattributed?show=all"}
	}
	v.Newest, v.Older = around("/admin/unattributed", url.Values{"show": {string(which)}}, page, next)
	v.Shown = shown(len(rows), "payment", "payments", next != "")
	if v.Frame, err = h.adminFrame(c, se, "/admin/unattributed", "Unattributed"); err != nil {
		return err
	}
	v.Sentence = "Payments that found no partner. Linking a customer holds from now on; what they paid before is counted only by a backfill, which you see before it is done."
	if admins.takes(se.Role) {
		v.Primary = views.Button(views.Action{Label: "Link by file", Icon: "link", Href: "/admin/links/new", Kind: views.Primary})
	}
	v.More = []views.Action{{Label: "Files of links", Icon: "file-text", Href: "/admin/links"}, {Label: "Backfills", Icon: "rotate-ccw", Href: "/admin/backfills"}}
	return show(c, status, views.AdminUnattributedPage(v), nil)
}

// atStake are the figures of what payments without a partner come to, one for each of the first currencies.
func (h *House) atStake(ctx context.Context, t models.Tenant, which store.Strangers) ([]views.Figure, error) {
	stakes, err := h.Store.AtStake(ctx, t, which, h.now())
	if err != nil {
		return nil, err
	}
	all := 0
	var list []views.Figure
	for _, s := range stakes {
		all += s.Payments
		f := views.MoneyFigure("At stake in "+s.Currency.Code(), models.Money{Minor: s.Minor, Currency: s.Currency})
		f.Change = views.Count(s.Payments, "payment", "payments") + ", less what went back"
		list = append(list, f)
	}
	if all >= store.StrangersSummed {
		for i := range list {
			list[i].Change += "; of the newest " + views.Count(store.StrangersSummed, "payment", "payments")
		}
	}
	return list[:min(len(list), 4)], nil
}

// strangerRows are payments without a partner as the inbox shows them.
func (h *House) strangerRows(ctx context.Context, t models.Tenant, rows []store.PaymentRow) ([]views.StrangerRow, error) {
	suggested, err := h.Inbox.Suggest(ctx, t, rows)
	if err != nil {
		return nil, fmt.Errorf("suggest partners: %w", err)
	}
	var ids []models.CustomerID
	for _, p := range rows {
		if p.Customer != nil {
			ids = append(ids, *p.Customer)
		}
	}
	owned, err := h.Store.Owned(ctx, t, ids, h.now())
	if err != nil {
		return nil, err
	}
	var list []views.StrangerRow
	for _, p := range rows {
		r := views.StrangerRow{Href: "/admin/payments/" + p.ID.String(), Name: customerName(p), Key: p.Key, PaidAt: p.PaidAt, Gross: p.Money(p.Gross)}
		if p.Refunded > 0 {
			back := p.Money(p.Refunded)
			r.Refunded = &back
		}
		if p.Customer != nil {
			r.Customer = p.Customer.String()
			c := owned[*p.Customer]
			if r.Backfill = backfillAt(c.Key, c.PartnerKey); !c.PartnerID.IsZero() {
				r.Linked, r.LinkedAt = c.PartnerName, *c.LinkedAt
			} else {
				r.Picks = picksOf(suggested[p.ID], c.Key)
			}
		}
		list = append(list, r)
	}
	return list, nil
}

func picksOf(list []models.Suggestion, customer string) []views.PickRow {
	var picks []views.PickRow
	for _, s := range list {
		pick := views.PickRow{Key: s.Key, Name: s.Name, Backfill: backfillAt(customer, s.Key)}
		for _, r := range s.Reasons {
			pick.Reasons = append(pick.Reasons, began(r.Because))
		}
		picks = append(picks, pick)
	}
	return picks
}

// backfillAt is where a backfill of a customer begins, to a partner when one is known.
func backfillAt(customer, partner string) string {
	return withQuery("/admin/backfills/new", url.Values{"customer": {customer}, "partner": {partner}})
}

// perLink is the most customers that one form may link: a page of them.
const perLink = 200

// adminUnattributedLink links what is ticked, or the one suggested, to a partner from now on (F85, F86).
func (h *House) adminUnattributedLink(c echo.Context, se models.Session) error {
	ctx, t := c.Request().Context(), se.Tenant()
	link := views.LinkForm{Partner: c.FormValue("partner"), Ticked: map[string]bool{}}
	var ids []models.CustomerID
	ticked := c.Request().PostForm["customer"]
	for _, text := range ticked[:min(len(ticked), perLink)] {
		id, err := models.ParseID[models.CustomerID](text)
		if err != nil {
			return err
		}
		if !link.Ticked[text] {
			ids, link.Ticked[text] = append(ids, id), true
		}
	}
	partner, err := h.partnerMeant(ctx, t, link.Partner)
	if len(ids) == 0 {
		err = errors.Join(models.Invalid("customer", "tick at least one customer"), err)
	}
	linked := 0
	if err == nil {
		linked, err = h.Inbox.Link(ctx, t, ids, partner.ID, actor(se))
	}
	var refused models.Refusal
	if errors.As(err, &refused) && errors.Is(err, models.ErrConflict) {
		link.Wrong = map[string]string{"partner": refused.Sentence}
		return h.showUnattributed(c, se, http.StatusUnprocessableEntity, link)
	}
	var wrong bool
	if link.Wrong, wrong = wrongFields(err); wrong {
		return h.showUnattributed(c, se, http.StatusUnprocessableEntity, link)
	}
	if err != nil {
		return err
	}
	return goTo(c, h.inboxAt(c, ""), "linked", linked)
}

// partnerMeant finds the partner that was typed, by key or by name.
func (h *House) partnerMeant(ctx context.Context, t models.Tenant, text string) (models.Partner, error) {
	text = strings.TrimSpace(text)
	if models.IsPartnerKey(text) {
		if p, err := h.Store.PartnerByKey(ctx, t, text); !errors.Is(err, models.ErrNotFound) {
			return p, err
		}
	}
	if text == "" || shortened(text, 200) != text {
		return models.Partner{}, models.Invalid("partner", "give the key or the name of a partner")
	}
	named, err := h.Store.PartnersNamed(ctx, t, text)
	switch {
	case err != nil:
		return models.Partner{}, fmt.Errorf("find partner %q: %w", text, err)
	case len(named) == 0:
		return models.Partner{}, models.Invalid("partner", "no partner has this key or name; choose one that is offered")
	case len(named) > 1:
		return models.Partner{}, models.Invalid("partner", "several partners have this name; give the key instead")
	}
	return named[0], nil
}

// partnersOffered are the newest partners of a company, offered where one is typed.
func (h *House) partnersOffered(ctx context.Context, t models.Tenant) ([]views.Option, error) {
	list, err := h.Store.Partners(ctx, t, store.Page{Limit: 200, Desc: true})
	if err != nil {
		return nil, fmt.Errorf("list the partners: %w", err)
	}
	var offered []views.Option
	for _, p := range list {
		offered = append(offered, views.Option{Value: p.Key, Label: p.Name})
	}
	return offered, nil
}

package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/doctor"
	"portal/models"
	"portal/views"
)

const doctorAt = "/admin/doctor"

// adminDoctor looks at everything on one side of the company that can be looked at (B18, F116-F124).
func (h *House) adminDoctor(c echo.Context, se models.Session) error {
	report, err := h.Doctor.For(c.Request().Context(), se.Tenant())
	if err != nil {
		return err
	}
	v := views.AdminDoctor{Checks: report.Checks, Failed: report.Failed, Warnings: report.Warnings}
	for _, f := range report.Findings {
		title := groupTitle(f)
		if len(v.Groups) == 0 || v.Groups[len(v.Groups)-1].Title != title {
			v.Groups = append(v.Groups, views.DoctorGroup{Title: title})
		}
		g := &v.Groups[len(v.Groups)-1]
		if line := findingLine(f, se.Role); f.Verdict == doctor.Failed || f.Verdict == doctor.Warning {
			g.Amiss = append(g.Amiss, line)
		} else {
			g.Well = append(g.Well, line)
		}
	}
	if v.Frame, err = h.adminFrame(c, se, doctorAt, "Doctor"); err != nil {
		return err
	}
	v.Sentence = "Whether all that money depends on works, on the " + string(se.Mode) + " side, and what to do where it does not."
	v.Primary = views.Button(views.Action{Label: "Look again", Icon: "rotate-ccw", Href: doctorAt})
	return show(c, http.StatusOK, views.AdminDoctorPage(v), nil)
}

func groupTitle(f doctor.Finding) string {
	switch {
	case f.Company == nil:
		return "Portal itself"
	case f.Program == nil:
		return "Payments, partners and invoices"
	}
	return *f.Program + ": rules and connection"
}

// doors are what the places are called where something is done, the first one that a path begins with.
var doors = []struct{ path, label string }{
	{"/admin/connection", "Open the connection"},
	{"/admin/unattributed", "See these payments"},
	{"/admin/partners", "See the partners"},
	{"/admin/invoices", "See the invoices"},
	{"/admin/events", "See the events"},
	{"/admin/links", "Link by file"},
	{"/admin/rates", "Enter a rate"},
	{"/admin/rules", "Open the rules"},
	{"/admin/reconciliation", "Open the reconciliation"},
	{"https://dashboard.stripe.com/", "Open Stripe"},
	{"https://status.stripe.com", "Stripe's status page"},
}

// findingLine is a finding as its page shows it. A place where the reader may not go is not led to.
func findingLine(f doctor.Finding, role models.Role) views.FindingLine {
	l := views.FindingLine{Name: f.Name, Verdict: string(f.Verdict), Found: f.Found, Do: f.Do}
	for _, d := range doors {
		if strings.HasPrefix(f.Where, d.path) && (d.path != "/admin/rates" || money.takes(role)) {
			l.Door = views.Action{Label: d.label, Href: f.Where}
			return l
		}
	}
	return l
}

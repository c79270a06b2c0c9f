package ledger_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portal/ledger"
	"portal/models"
)

var (
	noon       = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)
	tenant     = models.Tenant{Company: models.NewID[models.CompanyID](noon), Mode: models.Live}
	partner    = models.NewID[models.PartnerID](noon)
	program    = models.NewID[models.ProgramID](noon)
	invoice    = models.Invoice{ID: models.NewID[models.InvoiceID](noon), Partner: partner, Currency: "usd", TotalMinor: 1500, DrawnAt: noon}
	commission = models.Commission{ID: models.NewID[models.CommissionID](noon), Partner: partner, Program: program}
	adjustment = models.Adjustment{ID: models.NewID[models.AdjustmentID](noon), Partner: partner, Program: &program, Currency: "usd", At: noon}
	attempt    = models.Attempt{ID: models.NewID[models.AttemptID](noon), Kind: "stripe", Amount: 1500, Currency: "usd"}

	owes, held, due   = models.Owes(program), models.HeldFor(partner), models.DueTo(partner)
	onInvoice         = models.OnInvoice(invoice.ID)
	byStripe, byHand  = models.PaidByStripe(partner), models.PaidManually(partner)
	ofThisCommission  = "commission/" + commission.ID.String()
	ofThisInvoice     = "invoice/" + invoice.ID.String()
	ofThisAdjustment  = "adjustment/" + adjustment.ID.String()
	ofThisAttemptPaid = "attempt/" + attempt.ID.String() + "/paid"
)

func usd(minor int64) models.Money { return models.Money{Minor: minor, Currency: "usd"} }

func TestBookings(t *testing.T) {
	matured := commission
	matured.Matured = true
	again := commission
	again.Holds = 2
	manual := attempt
	manual.Kind = "manual"
	adjusted := func(minor int64, program *models.ProgramID) models.Adjustment {
		a := adjustment
		a.Minor, a.Program = minor, program
		return a
	}
	entry := func(minor int64, on *models.InvoiceID) models.Entry {
		return models.Entry{Seq: 2, Amount: usd(minor), At: noon, Invoice: on}
	}
	for name, c := range map[string]struct {
		got        []models.Transfer
		key        string
		from, to   models.Account
		amount     int64
		cause      string
		isNothing  bool
		otherMoney bool
	}{
		"what is earned during the hold is held":           {got: ledger.Entry(commission, entry(2000, nil)), key: ofThisCommission + "/2", from: owes, to: held, amount: 2000, cause: ofThisCommission},
		"what is earned after the hold is due":             {got: ledger.Entry(matured, entry(2000, nil)), key: ofThisCommission + "/2", from: owes, to: due, amount: 2000, cause: ofThisCommission},
		"a refund during the hold takes held money back":   {got: ledger.Entry(commission, entry(-1000, nil)), key: ofThisCommission + "/2", from: held, to: owes, amount: 1000, cause: ofThisCommission},
		"a refund after the hold takes due money back":     {got: ledger.Entry(matured, entry(-1000, nil)), key: ofThisCommission + "/2", from: due, to: owes, amount: 1000, cause: ofThisCommission},
		"a refund on an invoice takes it off the invoice":  {got: ledger.Entry(matured, entry(-1000, &invoice.ID)), key: ofThisCommission + "/2", from: onInvoice, to: owes, amount: 1000, cause: ofThisCommission},
		"an entry of nothing books nothing":                {got: ledger.Entry(commission, entry(0, nil)), isNothing: true},
		"the end of the hold makes held money due":         {got: ledger.Matured(commission, usd(2000), noon), key: ofThisCommission + "/matured", from: held, to: due, amount: 2000, cause: ofThisCommission},
		"a debt that matures flows the other way":          {got: ledger.Matured(commission, usd(-5), noon), key: ofThisCommission + "/matured", from: due, to: held, amount: 5, cause: ofThisCommission},
		"a commission fully taken back matures to nothing": {got: ledger.Matured(commission, usd(0), noon), isNothing: true},
		"an invoice gathers due money":                     {got: ledger.Drawn(invoice), key: ofThisInvoice + "/drawn", from: due, to: onInvoice, amount: 1500, cause: ofThisInvoice},
		"Stripe pays an invoice":                           {got: ledger.Paid(invoice, attempt, noon), key: ofThisAttemptPaid, from: onInvoice, to: byStripe, amount: 1500, cause: ofThisInvoice},
		"a person pays an invoice":                         {got: ledger.Paid(invoice, manual, noon), key: ofThisAttemptPaid, from: onInvoice, to: byHand, amount: 1500, cause: ofThisInvoice},
		"a payment marked by mistake is booked back":       {got: ledger.Unpaid(invoice, manual, noon), key: "attempt/" + attempt.ID.String() + "/undone", from: byHand, to: onInvoice, amount: 1500, cause: ofThisInvoice},
		"a void invoice gives back what is left":           {got: ledger.Voided(invoice, usd(700), noon), key: ofThisInvoice + "/voided", from: onInvoice, to: due, amount: 700, cause: ofThisInvoice},
		"a dispute puts due money back on hold":            {got: ledger.HeldAgain(again, usd(2000), noon), key: ofThisCommission + "/held/2", from: due, to: held, amount: 2000, cause: ofThisCommission},
		"a hold that ends again has a key of its own":      {got: ledger.Matured(again, usd(2000), noon), key: ofThisCommission + "/matured/2", from: held, to: due, amount: 2000, cause: ofThisCommission},
		"a dispute takes a commission off an invoice":      {got: ledger.TakenOff(invoice, again, usd(600), noon), key: ofThisInvoice + "/off/" + again.ID.String() + "/2", from: onInvoice, to: due, amount: 600, cause: ofThisInvoice},
		"a failed invoice shrinks by what was taken back":  {got: ledger.Shrunk(invoice, usd(400), noon), key: ofThisInvoice + "/shrunk/1500", from: onInvoice, to: due, amount: 400, cause: ofThisInvoice},
		"a bonus is owed by the program and due":           {got: ledger.Adjusted(adjusted(500, &program)), key: ofThisAdjustment, from: owes, to: due, amount: 500, cause: ofThisAdjustment},
		"a deduction flows back to the program":            {got: ledger.Adjusted(adjusted(-500, &program)), key: ofThisAdjustment, from: due, to: owes, amount: 500, cause: ofThisAdjustment},
		"a debt written off is nobody's money":             {got: ledger.Adjusted(adjusted(500, nil)), key: ofThisAdjustment, from: models.WrittenOff(partner), to: due, amount: 500, cause: ofThisAdjustment},
		"a void invoice below zero takes it from due":      {got: ledger.Voided(invoice, usd(-700), noon), key: ofThisInvoice + "/voided", from: due, to: onInvoice, amount: 700, cause: ofThisInvoice},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.isNothing {
				if len(c.got) != 0 {
					t.Errorf("got %+v", c.got)
				}
				return
			}
			want := models.Transfer{Key: c.key, From: c.from, To: c.to, Amount: usd(c.amount), Cause: c.cause, At: noon}
			if len(c.got) != 1 || c.got[0] != want {
				t.Errorf("got %+v\nwant %+v", c.got, want)
			}
		})
	}
}

// The walk: 20.00 earned, 5.00 taken back, matured, gathered, paid; then a refund after payout leaves a debt.
func TestAWalkThroughTheBooksEndsWhereItShould(t *testing.T) {
	t.Parallel()
	matured := commission
	matured.Matured = true
	var walk []models.Transfer
	for _, step := range [][]models.Transfer{
		ledger.Entry(commission, models.Entry{Seq: 1, Amount: usd(2000)}),
		ledger.Entry(commission, models.Entry{Seq: 2, Amount: usd(-500)}),
		ledger.Matured(commission, usd(1500), noon),
		ledger.Drawn(invoice), ledger.Paid(invoice, attempt, noon),
		ledger.Entry(matured, models.Entry{Seq: 3, Amount: usd(-1500)}),
	} {
		walk = append(walk, step...)
	}
	balances := map[ledger.Place]int64{}
	if err := ledger.Post(balances, walk); err != nil {
		t.Fatal(err)
	}
	want := map[models.Account]int64{owes: 0, held: 0, due: -1500, onInvoice: 0, byStripe: 1500}
	for account, minor := range want {
		if got := balances[ledger.Place{Account: account, Currency: "usd"}]; got != minor {
			t.Errorf("%s: %d, want %d", account, got, minor)
		}
	}
}

func TestPostRefusesWhatCannotBeBookedAndChangesNothing(t *testing.T) {
	rich := ledger.Place{Account: "b", Currency: "usd"}
	poor := ledger.Place{Account: "c", Currency: "usd"}
	for name, c := range map[string]struct {
		transfer models.Transfer
		want     error
	}{
		"an amount of zero":          {models.Transfer{From: "a", To: "b", Amount: usd(0)}, ledger.ErrNotAboveZero},
		"an amount below zero":       {models.Transfer{From: "a", To: "b", Amount: usd(-1)}, ledger.ErrNotAboveZero},
		"an account paying itself":   {models.Transfer{From: "a", To: "a", Amount: usd(1)}, ledger.ErrOneAccount},
		"an unknown currency":        {models.Transfer{From: "a", To: "b", Amount: models.Money{Minor: 1, Currency: "zzz"}}, ledger.ErrNoCurrency},
		"a balance that grows over":  {models.Transfer{From: "a", To: "b", Amount: usd(1)}, models.ErrOverflow},
		"a balance that falls under": {models.Transfer{From: "c", To: "a", Amount: usd(2)}, models.ErrOverflow},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.transfer.Key = "invoice/x"
			balances := map[ledger.Place]int64{rich: math.MaxInt64, poor: math.MinInt64 + 1}
			err := ledger.Post(balances, []models.Transfer{c.transfer})
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), "invoice/x") {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if len(balances) != 2 || balances[rich] != math.MaxInt64 || balances[poor] != math.MinInt64+1 {
				t.Errorf("balances changed: %v", balances)
			}
		})
	}
}

// Any transfers sum to zero in every currency, and their order does not matter.
func TestAnyTransfersSumToZeroPerCurrency(t *testing.T) {
	account := rapid.SampledFrom([]models.Account{"a", "b", "c", "d"})
	transfer := rapid.Custom(func(t *rapid.T) models.Transfer {
		return models.Transfer{From: account.Draw(t, "from"), To: account.Draw(t, "to"), Amount: models.Money{
			Minor: rapid.Int64Range(1, math.MaxInt64/100).Draw(t, "minor"), Currency: rapid.SampledFrom([]models.Currency{"usd", "eur", "jpy"}).Draw(t, "currency")}}
	}).Filter(func(t models.Transfer) bool { return t.From != t.To })
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(transfer, 0, 50).Draw(t, "transfers")
		balances, shuffled := map[ledger.Place]int64{}, map[ledger.Place]int64{}
		if err := errors.Join(ledger.Post(balances, all), ledger.Post(shuffled, rapid.Permutation(all).Draw(t, "shuffled"))); err != nil {
			t.Fatal(err)
		}
		sums := map[models.Currency]int64{}
		for place, minor := range balances {
			sums[place.Currency] += minor
			if shuffled[place] != minor {
				t.Fatalf("%v: %d, in another order %d", place, minor, shuffled[place])
			}
		}
		for currency, sum := range sums {
			if sum != 0 {
				t.Fatalf("%s sums to %d", currency, sum)
			}
		}
	})
}

// Every booking of any amount, forth and back, is above zero between two accounts, so Post takes it.
func TestEveryBookingCanBePosted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := usd(rapid.Int64Range(-math.MaxInt64, math.MaxInt64).Draw(t, "amount"))
		c, i, a := commission, invoice, attempt
		c.Matured, i.TotalMinor, a.Amount = rapid.Bool().Draw(t, "matured"), amount.Minor, amount.Minor
		e := models.Entry{Seq: 1, Amount: amount}
		if rapid.Bool().Draw(t, "on an invoice") {
			e.Invoice = &i.ID
		}
		for n, booked := range [][]models.Transfer{ledger.Entry(c, e), ledger.Matured(c, amount, noon), ledger.Drawn(i), ledger.Paid(i, a, noon), ledger.Voided(i, amount, noon)} {
			if err := ledger.Post(map[ledger.Place]int64{}, booked); err != nil || (len(booked) == 0) != (amount.Minor == 0) {
				t.Fatalf("booking %d of %s: %v, %v", n, amount, booked, err)
			}
		}
	})
}

func TestADigestChangesWithEveryField(t *testing.T) {
	t.Parallel()
	base := models.Transfer{Key: "k", From: "a", To: "b", Amount: usd(100), Cause: "c", At: noon}
	seen := map[[32]byte]string{ledger.Digest(tenant, base): "nothing"}
	for field, change := range map[string]func(*models.Tenant, *models.Transfer){
		"company":               func(o *models.Tenant, _ *models.Transfer) { o.Company = models.NewID[models.CompanyID](noon) },
		"mode":                  func(o *models.Tenant, _ *models.Transfer) { o.Mode = models.Test },
		"key":                   func(_ *models.Tenant, tr *models.Transfer) { tr.Key = "k2" },
		"from":                  func(_ *models.Tenant, tr *models.Transfer) { tr.From = "x" },
		"to":                    func(_ *models.Tenant, tr *models.Transfer) { tr.To = "x" },
		"from and to, swapped":  func(_ *models.Tenant, tr *models.Transfer) { tr.From, tr.To = tr.To, tr.From },
		"amount":                func(_ *models.Tenant, tr *models.Transfer) { tr.Amount.Minor++ },
		"currency":              func(_ *models.Tenant, tr *models.Transfer) { tr.Amount.Currency = "eur" },
		"cause":                 func(_ *models.Tenant, tr *models.Transfer) { tr.Cause = "c2" },
		"time, a microsecond":   func(_ *models.Tenant, tr *models.Transfer) { tr.At = tr.At.Add(time.Microsecond) },
		"where one field ends":  func(_ *models.Tenant, tr *models.Transfer) { tr.From, tr.To = "ab", "" },
		"a line end in a field": func(_ *models.Tenant, tr *models.Transfer) { tr.From = "a\n1:b" },
	} {
		whose, changed := tenant, base
		change(&whose, &changed)
		digest := ledger.Digest(whose, changed)
		if other, twice := seen[digest]; twice {
			t.Errorf("changing %s gives the same digest as changing %s", field, other)
		}
		seen[digest] = field
	}
}

// What the database gives back, in its own zone and in microseconds, has the digest that was kept.
func TestADigestSurvivesTheDatabase(t *testing.T) {
	t.Parallel()
	kept := models.Transfer{Key: "k", From: "a", To: "b", Amount: usd(100), Cause: "c", At: noon.Add(999)}
	read := kept
	read.At = noon.In(time.FixedZone("CET", 3600))
	if ledger.Digest(tenant, kept) != ledger.Digest(tenant, read) {
		t.Error("the digests differ")
	}
}

func TestAStampedTransferCarriesTheDigestOfWhatIsKept(t *testing.T) {
	t.Parallel()
	booked := ledger.Voided(invoice, usd(700), noon.Add(999))
	stamped := ledger.Stamp(tenant, booked)
	if len(stamped) != 1 || !stamped[0].At.Equal(noon) || stamped[0].Digest != ledger.Digest(tenant, booked[0]) || ledger.Digest(tenant, stamped[0]) != stamped[0].Digest {
		t.Errorf("%+v", stamped)
	}
}

// The text behind the digest is fixed: a change here makes every kept digest wrong.
func TestADigestIsTheSameInEveryRelease(t *testing.T) {
	t.Parallel()
	company, err := models.ParseID[models.CompanyID]("co_01890a5d000070008000000000000001")
	if err != nil {
		t.Fatal(err)
	}
	got := ledger.Digest(models.Tenant{Company: company, Mode: models.Test}, models.Transfer{Key: "k", From: "a", To: "b", Amount: usd(100), Cause: "c", At: noon})
	const want = "df8a04045e8a2939c95b74034364345d329cd10667b77b613cbc96f78bfd53f7"
	if fmt.Sprintf("%x", got) != want {
		t.Errorf("got %x, want %s", got, want)
	}
}

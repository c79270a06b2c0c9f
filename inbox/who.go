package inbox

import (
	"cmp"
	"slices"
	"strings"

	"portal/models"
	"portal/store"
)

// party is everybody who may be one person with another of them: customer records, and what payments say of who paid.
type party struct {
	rows []models.Customer
	pays []store.Identity // in the order of the money's own time
}

// person is one of a party: a record that is there, or what a new one is called.
type person struct {
	row      *models.Customer
	named    bool   // somebody made or named the record: it stays, whoever pays
	stripeID string // the provider's id that is theirs; empty for none
	taught   bool   // the id was learned by the address (F83)
	address  string // of a guest
	pays     []store.Identity
}

// sorted tells who is who, from all that is known of them and not from the order in which it came:
//
//   - A provider's id is one person: whom somebody gave it to by hand; else whom the API named with it; else a record that
//     somebody made and that has the address of its first payment (F83); else one of its own.
//   - A key of the API's is the record of that name.
//   - A record that the provider's list told of is one of its own, until a payment shows otherwise (F5).
//   - An address alone is a record that somebody made with it; else the id that came with it first; else a guest.
//
// What is only to be found, and is not, is nobody.
func (w party) sorted() []*person {
	s := sorting{named: map[string]*person{}, byID: map[string]*person{}, guests: map[string]*person{}}
	for i, row := range w.rows {
		if isNamed(row) {
			s.add(&person{row: &w.rows[i], named: true})
		}
	}
	s.nameKeys(w.pays)
	s.claimIDs(w.pays)
	for i, row := range w.rows {
		if isTold(row) && s.byID[*row.StripeID] == nil {
			s.byID[*row.StripeID] = s.add(&person{row: &w.rows[i], stripeID: *row.StripeID})
		}
	}
	for _, pay := range w.pays { // who is only to be found is found among all others, also those who paid later
		if !pay.FindOnly {
			s.whose(pay, w.pays)
		}
	}
	for _, pay := range w.pays {
		if to := s.whose(pay, w.pays); to != nil {
			to.pays = append(to.pays, pay)
		}
	}
	s.seat(w.rows)
	return s.all
}

// isNamed tells a record that a person or the API made, or gave an id, from one that payments made.
func isNamed(c models.Customer) bool {
	return c.StripeIDSince != nil || !strings.HasPrefix(c.Key, "stripe_") && !strings.HasPrefix(c.Key, "guest_")
}

// isTold tells a record of the provider's own customer that its list told of, whether or not they ever pay.
func isTold(c models.Customer) bool {
	return !isNamed(c) && c.StripeID != nil && c.ToldID != nil && *c.StripeID == *c.ToldID
}

// sorting is how far a party has been sorted.
type sorting struct {
	all    []*person
	named  map[string]*person // by the record's key
	byID   map[string]*person // by the provider's id
	guests map[string]*person // by address
}

// add puts somebody with a record of their own to the others.
func (s *sorting) add(who *person) *person {
	s.all = append(s.all, who)
	if who.row != nil {
		s.named[who.row.Key] = who
		if who.row.StripeIDSince != nil && who.row.StripeID != nil {
			who.stripeID = *who.row.StripeID
			s.byID[who.stripeID] = who
		}
	}
	return who
}

// nameKeys gives each provider's id that came with a key of the API's to the record of that name: the first to come, where
// there are several.
func (s *sorting) nameKeys(pays []store.Identity) {
	for _, pay := range pays {
		who := s.named[pay.APIKey]
		if pay.APIKey == "" || pay.StripeID == "" || s.byID[pay.StripeID] != nil || who == nil || who.stripeID != "" {
			continue
		}
		who.stripeID, s.byID[pay.StripeID] = pay.StripeID, who
	}
}

// claimIDs gives the other ids to records that somebody made with the address of a payment of theirs, and the rest to
// records of their own.
func (s *sorting) claimIDs(pays []store.Identity) {
	for _, pay := range pays {
		if pay.StripeID == "" || pay.Email == "" || s.byID[pay.StripeID] != nil {
			continue
		}
		if who := s.madeWith(pay.Email, true); who != nil {
			who.stripeID, who.taught, s.byID[pay.StripeID] = pay.StripeID, true, who
		}
	}
	for _, pay := range pays {
		if pay.StripeID != "" && s.byID[pay.StripeID] == nil && !pay.FindOnly {
			s.byID[pay.StripeID] = s.add(&person{stripeID: pay.StripeID})
		}
	}
}

// madeWith is the first record that somebody made with an address; free is one that has no provider's id yet.
func (s *sorting) madeWith(address string, free bool) *person {
	var found *person
	for _, who := range s.all {
		if !who.named || who.row.Email == nil || models.NormalEmail(*who.row.Email) != address || free && who.stripeID != "" {
			continue
		}
		if found == nil || cmp.Or(who.row.CreatedAt.Compare(found.row.CreatedAt), cmp.Compare(who.row.Key, found.row.Key)) < 0 {
			found = who
		}
	}
	return found
}

// whose is the person who paid; nil is nobody.
func (s *sorting) whose(pay store.Identity, pays []store.Identity) *person {
	switch {
	case pay.StripeID != "":
		return s.byID[pay.StripeID]
	case pay.APIKey != "":
		return s.named[pay.APIKey]
	case pay.Email == "":
		return nil
	}
	if who := s.madeWith(pay.Email, false); who != nil {
		return who
	}
	for _, other := range pays {
		if other.Email == pay.Email && other.StripeID != "" && s.byID[other.StripeID] != nil {
			return s.byID[other.StripeID]
		}
	}
	if s.guests[pay.Email] == nil && !pay.FindOnly {
		s.guests[pay.Email] = s.add(&person{address: pay.Email})
	}
	return s.guests[pay.Email]
}

// seat gives those without a record the oldest that payments made and that was theirs.
func (s *sorting) seat(rows []models.Customer) {
	rows = slices.DeleteFunc(slices.Clone(rows), isNamed)
	slices.SortFunc(rows, func(a, b models.Customer) int { return strings.Compare(a.ID.String(), b.ID.String()) })
	for _, who := range s.all {
		i := slices.IndexFunc(rows, func(row models.Customer) bool { return who.row == nil && who.sat(row) })
		if i >= 0 {
			who.row = &models.Customer{}
			*who.row = rows[i]
			rows = slices.Delete(rows, i, i+1)
		}
	}
}

// sat tells whether a record that payments made was this person's: by the id, or by the payments of a guest.
func (who *person) sat(row models.Customer) bool {
	if row.StripeID != nil {
		return *row.StripeID == who.stripeID
	}
	return slices.ContainsFunc(who.pays, func(pay store.Identity) bool {
		return pay.StripeID == "" && pay.Customer != nil && *pay.Customer == row.ID
	})
}

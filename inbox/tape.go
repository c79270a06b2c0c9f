package inbox

import "portal/models"

// What people and the API did to customers and payments, as it stands on the tape.
type (
	customerDone struct {
		Key      string  `json:"key"`
		Email    *string `json:"email,omitempty"`
		Name     *string `json:"name,omitempty"`
		StripeID *string `json:"stripe_id,omitempty"`
		Partner  *string `json:"partner,omitempty"`
		Origin   string  `json:"origin"`
	}
	givenDone struct {
		Payment string        `json:"payment"`
		Choice  models.Choice `json:"choice"`
	}
)

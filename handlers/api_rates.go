package handlers

import (
	"context"
	"fmt"
	"time"

	"portal/models"
	"portal/store"
)

// apiRates maps the exchange rates that the company enters by hand.
func (h *House) apiRates(d apiDoor) {
	apiAdd(d, "GET", "/v1/rates", 200, "List the exchange rates entered by hand, in the order in which they were", h.apiRateList)
	apiAdd(d, "POST", "/v1/rates", 201, "Enter an exchange rate: it prices what waits for one, and nothing that is priced already", h.apiRateEnter)
}

// apiOwnRate is a rate that was entered by hand.
type apiOwnRate struct {
	From      string    `json:"from" example:"usd"`
	To        string    `json:"to" example:"eur"`
	Rate      string    `json:"rate" example:"0.9213" doc:"What one major unit of from is in major units of to."`
	Source    string    `json:"source" example:"by hand"`
	Date      string    `json:"date" format:"date" doc:"It serves sales of this day and of the 10 days after it."`
	EnteredBy string    `json:"entered_by"`
	EnteredAt time.Time `json:"entered_at"`
}

func apiOwnRateOf(r store.OwnRate) apiOwnRate {
	return apiOwnRate{From: string(r.From), To: string(r.To), Rate: r.Value, Source: r.Source, Date: r.Date.Format(time.DateOnly), EnteredBy: r.By, EnteredAt: r.At.UTC()}
}

func (h *House) apiRateList(ctx context.Context, who apiCall, in *struct{ APIPage }) (*apiBody[apiList[apiOwnRate]], error) {
	load := func(p store.Page) ([]store.OwnRate, error) { return h.Store.OwnRates(ctx, who.Company, p) }
	key := func(r store.OwnRate) (time.Time, fmt.Stringer) { return r.At, r.ID }
	return apiPaged(in.APIPage, load, key, apiEach(apiOwnRateOf))
}

type apiRateIn struct {
	From string     `json:"from" example:"usd"`
	To   string     `json:"to" example:"eur"`
	Rate apiDecimal `json:"rate" example:"0.9213"`
	Date string     `json:"date" example:"2026-11-20" doc:"A day up to today. Entered again for the same pair and day, the later one holds for what is priced from then on."`
}

type apiRateEntered struct {
	apiOwnRate
	Priced int `json:"priced" doc:"Of how many payments the commissions that waited were priced at once."`
}

func (h *House) apiRateEnter(ctx context.Context, who apiCall, in *struct{ Body apiRateIn }) (*apiBody[apiRateEntered], error) {
	if who.Mode == models.Test {
		if side, err := h.startMode(ctx, store.Place{Company: who.Company}); err != nil {
			return nil, err
		} else if side == models.Live {
			return nil, models.Refuse(models.ErrForbidden, "A rate holds for test and live data alike, and this company has live data: enter it with a live key.")
		}
	}
	var w apiWrong
	rate := models.Rate{From: w.currency("from", in.Body.From), To: w.currency("to", in.Body.To), Value: string(in.Body.Rate), Source: models.RateByHand, Date: w.day("date", in.Body.Date)}
	if err := w.err(); err != nil {
		return nil, err
	}
	priced, err := h.Inbox.EnterRate(ctx, who.Company, rate, who.actor())
	if err != nil {
		return nil, err
	}
	kept, err := h.Store.OwnRate(ctx, who.Company, rate.From, rate.To, rate.Date)
	return &apiBody[apiRateEntered]{apiRateEntered{apiOwnRateOf(kept), priced}}, err
}

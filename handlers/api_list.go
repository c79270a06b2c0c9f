package handlers

import (
	"fmt"
	"time"

	"portal/store"
)

// APIPage says which part of a list is wanted.
type APIPage struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most."`
	Cursor string `query:"cursor" doc:"The next_cursor of the page before."`
	Order  string `query:"order" enum:"asc,desc" default:"asc" doc:"asc: the oldest first; desc: the newest first."`
}

// apiList is a page of things.
type apiList[T any] struct {
	Data       []T     `json:"data"`
	NextCursor *string `json:"next_cursor" doc:"What to send as cursor for the next page; null when this is the last."`
}

// apiAll is a list that is never cut into pages.
type apiAll[T any] struct {
	Data []T `json:"data"`
}

// apiBody is an answer.
type apiBody[T any] struct{ Body T }

// apiMade is an answer that says whether something was made.
type apiMade[T any] struct {
	Status int
	Body   T
}

// apiPaged loads a page and shapes its rows. A nil load is an empty list: what a filter names does not exist.
func apiPaged[R, S any](p APIPage, load func(store.Page) ([]R, error), key func(R) (time.Time, fmt.Stringer), shape func([]R) ([]S, error)) (*apiBody[apiList[S]], error) {
	page := store.Page{Limit: p.Limit, Desc: p.Order == "desc", Cursor: p.Cursor}
	if err := page.CheckCursor(); err != nil {
		return nil, err
	}
	out := &apiBody[apiList[S]]{Body: apiList[S]{Data: []S{}}}
	if load == nil {
		return out, nil
	}
	rows, err := load(page)
	if err != nil {
		return nil, err
	}
	rows, next := store.Next(rows, page.Limit, key)
	if next != "" {
		out.Body.NextCursor = &next
	}
	if len(rows) > 0 {
		out.Body.Data, err = shape(rows)
	}
	return out, err
}

// apiEach shapes rows one by one.
func apiEach[R, S any](shape func(R) S) func([]R) ([]S, error) {
	return func(rows []R) ([]S, error) {
		list := make([]S, 0, len(rows))
		for _, r := range rows {
			list = append(list, shape(r))
		}
		return list, nil
	}
}

// Package views turns plain values into pages: one templ file per page. layout.templ and bare.templ are what stands around a page;
// parts, actions, figures, flash, table, form and why are the shared pieces; format.go is money, dates and ids as text.
// It does no work: it asks nobody, decides nothing, and shows what it is given, escaped.
package views

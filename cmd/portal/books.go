package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"portal/books"
)

type booksCommand struct {
	configured
	JSON bool `name:"json" help:"Print one JSON object."`
}

// errDiffer ends the command with 1; what differs was printed.
var errDiffer = errors.New("the books do not balance")

// Run proves the books.
func (b booksCommand) Run(ctx context.Context, std streams) error {
	return b.with(ctx, func(base *base) error {
		report, err := books.Prove(ctx, base.store)
		return outcomeOf(std, b.JSON, report, err, report.OK, errDiffer, func() error { return tell(std, report) })
	})
}

// with opens the database for a command beside a running serve.
func (f configured) with(ctx context.Context, do func(*base) error) error {
	c, err := f.load()
	if err != nil {
		return err
	}
	base, err := open(ctx, c, join)
	if err != nil {
		return err
	}
	defer func() { _ = base.close() }()
	return do(base)
}

// outcomeOf prints what a proof found, and ends the command with 1 when something differs.
func outcomeOf(std streams, asJSON bool, report any, failed error, ok bool, differs error, inWords func() error) error {
	if failed != nil {
		return failed
	}
	print := inWords
	if asJSON {
		print = func() error { return json.NewEncoder(std.out).Encode(report) }
	}
	if err := print(); err != nil || ok {
		return err
	}
	return differs
}

func tell(std streams, r books.Report) error {
	for _, side := range r.Tenants {
		fmt.Fprintf(std.out, "%s, %s\n", side.Company, side.Mode)
		for _, total := range side.Totals {
			fmt.Fprintf(std.out, "  %-10s %18s %s\n", total.Account, total.Amount, total.Currency.Code())
		}
	}
	for _, d := range r.Differences {
		fmt.Fprintln(os.Stderr, d)
	}
	_, err := fmt.Fprintf(std.out, "%d transfers, %d differences\nhash %s\n", r.Transfers, len(r.Differences), r.Hash)
	return err
}

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
	c, err := b.load()
	if err != nil {
		return err
	}
	base, err := open(ctx, c, join)
	if err != nil {
		return err
	}
	defer func() { _ = base.close() }()
	report, err := books.Prove(ctx, base.store)
	if err != nil {
		return err
	}
	if b.JSON {
		err = json.NewEncoder(std.out).Encode(report)
	} else {
		err = tell(std, report)
	}
	if err == nil && !report.OK {
		err = errDiffer
	}
	return err
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

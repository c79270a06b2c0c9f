package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"portal/replay"
)

type replayCommand struct {
	configured
	JSON bool `name:"json" help:"Print one JSON object."`
}

// errNotTheSame ends the command with 1; what differs was printed.
var errNotTheSame = errors.New("what is kept is not what the events and actions give")

// Run rebuilds everything that is derived, and compares.
func (r replayCommand) Run(ctx context.Context, std streams) error {
	return r.with(ctx, func(base *base) error {
		report, err := replay.Run(ctx, base.store, base.direct)
		return outcomeOf(std, r.JSON, report, err, report.OK, errNotTheSame, func() error { return tellReplay(std, report) })
	})
}

func tellReplay(std streams, r replay.Report) error {
	for _, d := range r.Differences {
		fmt.Fprintln(os.Stderr, d)
	}
	_, err := fmt.Fprintf(std.out, "%d events and %d actions give %d facts, %d differences\nkept    %s\nrebuilt %s\n",
		r.Events, r.Actions, r.Facts, len(r.Differences), r.Hash, r.Rebuilt)
	return err
}

package main

import (
	"context"
	"encoding/json"
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
	c, err := r.load()
	if err != nil {
		return err
	}
	base, err := open(ctx, c, join)
	if err != nil {
		return err
	}
	defer func() { _ = base.close() }()
	report, err := replay.Run(ctx, base.store, base.direct)
	if err != nil {
		return err
	}
	if r.JSON {
		err = json.NewEncoder(std.out).Encode(report)
	} else {
		for _, d := range report.Differences {
			fmt.Fprintln(os.Stderr, d)
		}
		_, err = fmt.Fprintf(std.out, "%d events and %d actions give %d facts, %d differences\nkept    %s\nrebuilt %s\n",
			report.Events, report.Actions, report.Facts, len(report.Differences), report.Hash, report.Rebuilt)
	}
	if err == nil && !report.OK {
		err = errNotTheSame
	}
	return err
}

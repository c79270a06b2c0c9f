// Command portal is the whole program. This room knows all others: it reads the configuration, opens the database, wires
// the rooms together and runs what the command line asks for. It holds no rule of its own.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands are what people type (CONTRACT.md 2).
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Serve pages, webhooks and the API, and do the background work."`
	Work    workCommand    `cmd:"" help:"Do the background work alone, on a second machine."`
	Demo    demoCommand    `cmd:"" help:"Serve a made-up company with the sandbox as its Stripe. Needs no configuration."`
	Migrate migrateCommand `cmd:"" help:"Bring the schema up to date and stop."`
	Setup   setupCommand   `cmd:"" help:"Make a company, its owner, a program and an API key."`
	Books   booksCommand   `cmd:"" help:"Prove the books: exit 1 and name what differs if they do not balance."`
	Replay  replayCommand  `cmd:"" help:"Rebuild everything from the kept events and recorded actions, and compare: exit 1 and name what differs."`
	Check   checkCommand   `cmd:"" help:"Look whether all that is configured works, and say what to do: exit 1 if something does not."`
	Health  healthCommand  `cmd:"" help:"Ask a running Portal whether it is alive; for a container."`
	Version versionCommand `cmd:"" help:"Print the version, the commit and the Go version."`
}

// streams are where a command reads and writes.
type streams struct {
	in  io.Reader
	out io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if os.Getenv("GOGC") == "" {
		// Little lives long, and most that is made is soon garbage: room for it costs a few megabytes and saves a fifth of the work.
		debug.SetGCPercent(300)
	}
	line := kong.Parse(&commands{}, kong.Name("portal"), kong.Description("Pay the partners who bring you customers."), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(streams{os.Stdin, os.Stdout}))
	if err := line.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "portal:", err)
		stop()
		os.Exit(1)
	}
}

type versionCommand struct{}

// Run prints what this binary was built from.
func (versionCommand) Run(s streams) error {
	_, err := fmt.Fprintf(s.out, "portal %s, commit %s, %s\n", version, commit(), runtime.Version())
	return err
}

// version is set by the build: -ldflags "-X main.version=… -X main.revision=…".
var version, revision = "dev", ""

func commit() string {
	if revision != "" {
		return revision
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}

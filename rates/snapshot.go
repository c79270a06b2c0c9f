package rates

import (
	"bytes"
	_ "embed"
	"time"
)

//go:embed snapshot/eurofxref-daily.xml
var snapshot []byte

// snapshotDay is the day that the snapshot names.
const snapshotDay = "2026-11-19"

// Snapshot is the file that ships inside, for use without a network. Its rates are made up, and are called so wherever they are used.
func Snapshot() []byte { return bytes.Clone(snapshot) }

// Of is the snapshot as if it were of another day: what the demo serves as its file of the day.
func Of(day time.Time) []byte {
	return bytes.Replace(snapshot, []byte("time='"+snapshotDay+"'"), []byte("time='"+day.UTC().Format(time.DateOnly)+"'"), 1)
}

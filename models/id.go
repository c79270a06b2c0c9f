package models

import (
	"bytes"
	"crypto/rand"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// noun names what an ID stands for, by the prefix people see.
type noun interface{ prefix() string }

// ID is a UUIDv7 of one noun. It is kept as a uuid and shown as prefix_hex, so that nobody takes a program for an invoice.
type ID[N noun] struct{ uuid [16]byte }

type (
	companyNoun    struct{}
	programNoun    struct{}
	personNoun     struct{}
	partnerNoun    struct{}
	customerNoun   struct{}
	paymentNoun    struct{}
	commissionNoun struct{}
	invoiceNoun    struct{}
	attemptNoun    struct{}
	eventNoun      struct{}
	backfillNoun   struct{}
	linkFileNoun   struct{}
	codeNoun       struct{}
	adjustmentNoun struct{}
	writeOffNoun   struct{}
	mailNoun       struct{}
	importNoun     struct{}
	reconcileNoun  struct{}
	chargeNoun     struct{}
	runNoun        struct{}
	detailsNoun    struct{}
	payRunNoun     struct{}
	returnNoun     struct{}
	contestNoun    struct{}
)

func (companyNoun) prefix() string    { return "co" }
func (programNoun) prefix() string    { return "prg" }
func (personNoun) prefix() string     { return "per" }
func (partnerNoun) prefix() string    { return "ptr" }
func (customerNoun) prefix() string   { return "cst" }
func (paymentNoun) prefix() string    { return "pay" }
func (commissionNoun) prefix() string { return "cms" }
func (invoiceNoun) prefix() string    { return "inv" }
func (attemptNoun) prefix() string    { return "att" }
func (eventNoun) prefix() string      { return "evn" }
func (backfillNoun) prefix() string   { return "bfl" }
func (linkFileNoun) prefix() string   { return "lnf" }
func (codeNoun) prefix() string       { return "code" }
func (adjustmentNoun) prefix() string { return "adj" }
func (writeOffNoun) prefix() string   { return "wof" }
func (mailNoun) prefix() string       { return "mail" }
func (importNoun) prefix() string     { return "imp" }
func (reconcileNoun) prefix() string  { return "rec" }
func (chargeNoun) prefix() string     { return "chg" }
func (runNoun) prefix() string        { return "run" }
func (detailsNoun) prefix() string    { return "det" }
func (payRunNoun) prefix() string     { return "pay" }
func (returnNoun) prefix() string     { return "ret" }
func (contestNoun) prefix() string    { return "con" }

// The ids of the house, one type per noun: the compiler refuses to mix them.
type (
	CompanyID    = ID[companyNoun]
	ProgramID    = ID[programNoun]
	PersonID     = ID[personNoun]
	PartnerID    = ID[partnerNoun]
	CustomerID   = ID[customerNoun]
	PaymentID    = ID[paymentNoun]
	CommissionID = ID[commissionNoun]
	InvoiceID    = ID[invoiceNoun]
	AttemptID    = ID[attemptNoun]
	EventID      = ID[eventNoun]
	BackfillID   = ID[backfillNoun]
	LinkFileID   = ID[linkFileNoun]
	CodeID       = ID[codeNoun]
	AdjustmentID = ID[adjustmentNoun]
	WriteOffID   = ID[writeOffNoun]
	MailID       = ID[mailNoun]
	ImportID     = ID[importNoun]
	ReconcileID  = ID[reconcileNoun]
	ChargeID     = ID[chargeNoun]
	RunID        = ID[runNoun]
	DetailsID    = ID[detailsNoun]
	PayRunID     = ID[payRunNoun]
	ReturnID     = ID[returnNoun]
	ContestID    = ID[contestNoun]
)

var sequence atomic.Uint32

// NewID makes a UUIDv7 for a moment. Ids that one process makes one after the other for the same millisecond keep their order: a
// counter of 32 bits follows the time, and 42 bits of chance follow that.
func NewID[T ID[N], N noun](now time.Time) T {
	var u [16]byte
	_, _ = rand.Read(u[10:])
	n := sequence.Add(1)
	binary.BigEndian.PutUint64(u[:8], uint64(now.UnixMilli())<<16)
	binary.BigEndian.PutUint16(u[6:8], 0x7000|uint16(n>>20))
	u[8], u[9] = 0x80|byte(n>>14)&0x3f, byte(n>>6)
	u[10] = byte(n<<2) | u[10]&0x03
	return T(ID[N]{u})
}

// ParseID reads the shown form (prg_…); the plain uuid is taken too. Anything else is ErrNotFound: such an id names nothing.
func ParseID[T ID[N], N noun](text string) (T, error) {
	var n N
	var id ID[N]
	plain := strings.ReplaceAll(strings.TrimPrefix(text, n.prefix()+"_"), "-", "")
	raw, err := hex.DecodeString(plain)
	if err != nil || len(raw) != 16 {
		return T(id), fmt.Errorf("id %q: %w", text, ErrNotFound)
	}
	copy(id.uuid[:], raw)
	return T(id), nil
}

// String is the form people see: the noun's prefix and 32 hex digits.
func (id ID[N]) String() string {
	var n N
	return n.prefix() + "_" + hex.EncodeToString(id.uuid[:])
}

// Compare orders ids as the database does: by the time they were made.
func (id ID[N]) Compare(other ID[N]) int { return bytes.Compare(id.uuid[:], other.uuid[:]) }

// IsZero tells that the id names nothing.
func (id ID[N]) IsZero() bool { return id.uuid == [16]byte{} }

// Value keeps the id as a uuid.
func (id ID[N]) Value() (driver.Value, error) {
	if id.IsZero() {
		return nil, nil
	}
	h := hex.EncodeToString(id.uuid[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
}

// Scan reads a uuid column; NULL is the zero id.
func (id *ID[N]) Scan(src any) error {
	var text string
	switch v := src.(type) {
	case nil:
		*id = ID[N]{}
		return nil
	case []byte:
		text = string(v)
	case string:
		text = v
	default:
		return fmt.Errorf("scan id from %T", src)
	}
	parsed, err := ParseID[ID[N]](text)
	*id = parsed
	return err
}

// MarshalText writes the shown form, and nothing for the zero id.
func (id ID[N]) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return nil, nil
	}
	return []byte(id.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (id *ID[N]) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*id = ID[N]{}
		return nil
	}
	parsed, err := ParseID[ID[N]](string(text))
	*id = parsed
	return err
}

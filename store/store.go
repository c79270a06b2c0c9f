// Package store holds every SQL statement of the house, one file per noun. It decides nothing: rules live elsewhere.
// The tenant comes first in every signature and in every WHERE.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"

	"portal/models"
)

// Store reaches the database, or one transaction of it: every method works in both.
type Store struct {
	db    *sqlx.DB
	tx    *sqlx.Tx
	q     sqlx.ExtContext
	keys  Keyring
	queue *river.Client[*sql.Tx]

	memory *memory // of a transaction that remembers; else nil
}

// Open connects. The key ring seals and opens what is kept encrypted.
func Open(ctx context.Context, database string, keys Keyring) (*Store, error) {
	address, err := oneTrip(database)
	if err != nil {
		return nil, err
	}
	db, err := sqlx.ConnectContext(ctx, "postgres", address)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	db.SetMaxOpenConns(24)
	db.SetMaxIdleConns(12)
	queue, err := river.NewClient(riverdatabasesql.New(db.DB), &river.Config{})
	if err != nil {
		return nil, fmt.Errorf("open the job queue: %w", err)
	}
	return &Store{db: db, q: db, keys: keys, queue: queue}, nil
}

// oneTrip has the driver send a statement and its values together: half the round trips, and no prepared statements, which
// a pooler between us and PostgreSQL could not keep.
func oneTrip(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("database.url cannot be read as an address") // the error itself may hold the password
	}
	options := u.Query()
	options.Set("binary_parameters", "yes")
	u.RawQuery = options.Encode()
	return u.String(), nil
}

// Close lets the connections go.
func (s *Store) Close() error { return s.db.Close() }

// DB is the plain handle, for the job queue and the health check.
func (s *Store) DB() *sql.DB { return s.db.DB }

// Ping answers whether the database can be reached.
func (s *Store) Ping(ctx context.Context) error { return s.db.PingContext(ctx) }

// Analyze lets PostgreSQL count anew what those tables hold that have more than doubled since it counted them, and those
// named in any case.
func (s *Store) Analyze(ctx context.Context, named ...string) error {
	var grown []string
	if err := s.list(ctx, &grown, `SELECT relname FROM pg_class WHERE relname IN ('events', 'customers', 'payments', 'payment_aliases', 'tellings', 'reversals',
			'links', 'commissions', 'commission_entries', 'transfers', 'balances') AND relkind = 'r' AND pg_table_is_visible(oid)
			AND pg_relation_size(oid) > 2 * relpages::bigint * 8192 + 65536 ORDER BY relname`); err != nil {
		return err
	}
	if grown = append(grown, named...); len(grown) == 0 {
		return nil
	}
	return s.do(ctx, `ANALYZE `+strings.Join(grown, ", "))
}

// InTx runs fn in one transaction: all of it is kept, or nothing.
func (s *Store) InTx(ctx context.Context, fn func(tx *Store) error) error {
	if s.tx != nil {
		return fn(s)
	}
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := fn(&Store{db: s.db, tx: tx, q: tx, keys: s.keys, queue: s.queue}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Snapshot runs fn in a transaction that reads one unchanging state and writes nothing.
func (s *Store) Snapshot(ctx context.Context, fn func(tx *Store) error) error {
	tx, err := s.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return fn(&Store{db: s.db, tx: tx, q: tx, keys: s.keys, queue: s.queue})
}

// Savepoint runs fn inside the transaction so that its failure undoes only itself.
func (s *Store) Savepoint(ctx context.Context, fn func() error) (err error) {
	if err := s.do(ctx, "SAVEPOINT part"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
		end := "RELEASE SAVEPOINT part"
		if err != nil {
			end = "ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part" // else one around it would go back to this one only
			if s.memory != nil {
				s.memory.drop()
			}
		}
		if _, failed := s.tx.ExecContext(ctx, end); failed != nil {
			err = errors.Join(err, failed)
		}
	}()
	return fn()
}

// Enqueue promises work in the transaction that causes it.
func (s *Store) Enqueue(ctx context.Context, job river.JobArgs, opts *river.InsertOpts) error {
	if s.tx == nil {
		return errors.New("a job is queued only inside a transaction")
	}
	if opts == nil {
		opts = &river.InsertOpts{Queue: QueueOf(job)}
	}
	if _, err := s.queue.InsertTx(ctx, s.tx.Tx, job, opts); err != nil {
		return fmt.Errorf("queue %s: %w", job.Kind(), err)
	}
	return nil
}

// ProviderQueue is where work waits that asks companies' providers: one that is slow, or whose lists are long, holds no money up.
const ProviderQueue = "provider"

// QueueOf is where a job waits.
func QueueOf(job river.JobArgs) string {
	switch job.(type) {
	case models.Heal, models.SyncCustomers, models.SyncCatalog, models.CarryImport, models.CarryImports, models.Reconcile, models.ReconcileOne:
		return ProviderQueue
	}
	return river.QueueDefault
}

// Healing is the job that fetches what did not come by the connection.
func (c Connection) Healing() models.Heal {
	return models.Heal{Company: c.Company, Mode: c.Mode, Program: c.Program, Source: c.Source}
}

// get reads one row into dest; none is ErrNotFound.
func (s *Store) get(ctx context.Context, dest any, query string, args ...any) error {
	return told(s.past(ctx, query, func() error { return sqlx.GetContext(ctx, s.q, dest, query, args...) }))
}

// list reads all rows into dest.
func (s *Store) list(ctx context.Context, dest any, query string, args ...any) error {
	return told(s.past(ctx, query, func() error { return sqlx.SelectContext(ctx, s.q, dest, query, args...) }))
}

// exec runs a statement and tells how many rows it touched.
func (s *Store) exec(ctx context.Context, query string, args ...any) (int64, error) {
	var res sql.Result
	err := s.past(ctx, query, func() (err error) {
		res, err = s.q.ExecContext(ctx, query, args...)
		return err
	})
	if err != nil {
		return 0, told(err)
	}
	return res.RowsAffected()
}

// do runs a statement whose count does not matter.
func (s *Store) do(ctx context.Context, query string, args ...any) error {
	_, err := s.exec(ctx, query, args...)
	return err
}

// refusals says what a broken constraint means to the person who broke it.
var refusals = map[string]error{
	"partner_key":          models.Refuse(models.ErrConflict, "A partner with this key exists already."),
	"customer_key":         models.Refuse(models.ErrConflict, "A customer with this key exists already."),
	"customer_stripe_id":   models.Refuse(models.ErrConflict, "Another customer has this Stripe customer id."),
	"person_email":         models.Refuse(models.ErrConflict, "Somebody with this e-mail address exists already."),
	"attempt_one_live":     models.Refuse(models.ErrConflict, "A payment of this invoice is already under way or done."),
	"code_once":            models.Refuse(models.ErrConflict, "This code stands for a partner already. Remove it there first."),
	"place_once":           models.Refuse(models.ErrConflict, "This person is here already."),
	"import_one_open":      models.Refuse(models.ErrConflict, "An import of this program is open already. Finish or cancel it first."),
	"write_off_one_open":   models.Refuse(models.ErrConflict, "A write-off for this partner waits for approval already. It must be approved or refused before another one can be asked for."),
	"contest_one_open":     models.Refuse(models.ErrConflict, "This line is contested already. Wait for the answer."),
	"invoice_two_people":   models.Refuse(models.ErrConflict, "Two different people must approve this invoice."),
	"write_off_two_people": models.Refuse(models.ErrConflict, "You asked for this write-off. Another person must approve or refuse it."),
}

// told translates what the driver says into the house's errors.
func told(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return models.ErrNotFound
	}
	var pg *pq.Error
	if errors.As(err, &pg) {
		if refusal, ok := refusals[pg.Constraint]; ok {
			return refusal
		}
	}
	return err
}

// passing are the classes of PostgreSQL's errors that another try may not meet: connection, serialisation and deadlock,
// resources, object state, intervention, system.
var passing = []string{"08", "40", "53", "55", "57", "58"}

// IsDatabaseFault tells a fault of the database or of the way to it, after which the whole transaction is tried again,
// from one that lies in what was to be kept.
func IsDatabaseFault(err error) bool {
	var pg *pq.Error
	if errors.As(err, &pg) {
		return slices.Contains(passing, string(pg.Code.Class()))
	}
	var network net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrTxDone) || errors.Is(err, context.Canceled) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) || errors.As(err, &network)
}

package localstore

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"

	bolt "go.etcd.io/bbolt"

	"vitalien/fhirmap"
)

// Options are the choices at opening.
type Options struct {
	Logger  *slog.Logger // nil: discard
	Keyring Keyring      // keeps the master key; nil: a file beside the store does

	// OnDamage is called once when something that is read is found damaged.
	OnDamage func()
}

// A Store is an open log. Its methods may be called from any goroutine.
//
// Entries are committed to the journal by the one goroutine that holds the lead.
// bbolt is written to by the one that has the claim; with it comes the choice
// of file (which is reopened when bbolt has lost its map of it). Whoever has
// the lead may ask for the claim, never the other way round.
type Store struct {
	path string
	id   string
	log  *slog.Logger
	keys atomic.Pointer[keys]

	joining sync.Mutex
	forming *group        // may still be joined; guarded by joining
	leading chan struct{} // holds one element while somebody has the lead
	crowded bool          // the last commit was shared; belongs to the lead
	journal *journal      // belongs to the lead

	tail    tail
	filled  chan struct{}                 // the tail has grown
	urgent  chan struct{}                 // the tail is long
	writer  chan struct{}                 // holds one element while somebody has the claim
	applied uint64                        // last number in bbolt; belongs to the claim
	portion int                           // what bbolt is given at a time; belongs to the claim
	failing atomic.Pointer[fhirmap.Fault] // why bbolt did not take the tail

	quit chan struct{} // closed when Close begins
	done chan struct{} // closed when nothing is committed any more
	idle chan struct{} // closed when nothing is applied any more

	broken   chan struct{} // closed when the store cannot be trusted any more
	breaking sync.Once
	fault    *fhirmap.Fault // why; set before broken is closed

	openMu sync.Mutex // guards file, and the begin of read transactions
	file   *file      // nil while there is none

	first    atomic.Uint64
	head     atomic.Uint64
	onDamage atomic.Pointer[func()]
	wakeMu   sync.Mutex
	changed  chan struct{} // closed and replaced after each growth of head

	closing  sync.Once
	closeErr error
}

// Open opens the store at path, and creates it with its folder, readable by
// the user alone, if it does not exist. Errors are *fhirmap.Fault with the
// codes of this package; store_locked comes within about a second.
func Open(path string, o Options) (*Store, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	folder := filepath.Dir(path)
	if err := makeFolder(folder); err != nil {
		return nil, faultFor(err)
	}
	secret := &keeper{path: path, ring: o.Keyring, log: o.Logger}
	f, err := openFile(path, secret)
	if errors.Is(err, errOlder) {
		if err = migrate(path, secret); err == nil {
			f, err = openFile(path, secret)
		}
	}
	if err != nil {
		return nil, faultFor(err)
	}
	s, err := openStore(path, f, o.Logger)
	if err == nil && o.OnDamage != nil {
		s.onDamage.Store(new(sync.OnceFunc(o.OnDamage)))
	}
	return s, err
}

// openStore adds to bbolt what only the journal holds. It closes f if it fails.
func openStore(path string, f *file, log *slog.Logger) (*Store, error) {
	j, found, err := openJournal(path+journalSuffix, f.id, f.head, f.keys.decode)
	if err != nil {
		f.db.Close()
		return nil, err
	}
	if f.created || j.created {
		// A new name must survive a power cut as its content does.
		if err := syncFolder(filepath.Dir(path)); err != nil {
			log.Warn("store: folder not flushed", "error", err)
		}
	}
	s := &Store{
		path: path, id: f.id, log: log, file: f, journal: j, applied: f.head, portion: maxBatchBytes,
		leading: make(chan struct{}, 1),
		quit:    make(chan struct{}),
		done:    make(chan struct{}),
		idle:    make(chan struct{}),
		filled:  make(chan struct{}, 1),
		urgent:  make(chan struct{}, 1),
		writer:  make(chan struct{}, 1),
		broken:  make(chan struct{}),
		changed: make(chan struct{}),
	}
	s.first.Store(f.first)
	s.head.Store(f.head)
	s.keys.Store(f.keys)
	if err := s.takeOver(found); err != nil {
		j.file.Close()
		_ = s.detach()
		return nil, err
	}
	go s.keepApplying()
	return s, nil
}

// takeOver gives bbolt what a process that ended early left in the journal.
func (s *Store) takeOver(found recovery) error {
	if found.gap != nil {
		s.log.Error("store: acknowledged records are lost", "error", found.gap)
	}
	if len(found.records) == 0 {
		return nil
	}
	s.tail.add(found.records, found.extents...)
	s.head.Store(found.records[len(found.records)-1].Last())
	err := s.apply()
	if codeIs(err, CodeDiskFull) { // they stay in the journal and can be read
		s.signal(s.filled)
		return nil
	}
	return err
}

// KeyInFile tells whether the master key stands in a file beside the store, where
// whoever takes the disk has it, too.
func (s *Store) KeyInFile() bool {
	_, err := os.Stat((&keeper{path: s.path}).file())
	return err == nil
}

// Pseudonym stands for a name where it could be read: 32 bytes, the HMAC-SHA-256
// under a key of this store alone.
func (s *Store) Pseudonym(kind, name string) []byte { return s.keys.Load().pseudonym(kind, name) }

// ID is the UUID of the store, made when the file was created. Sequence
// numbers mean something together with it only.
func (s *Store) ID() string { return s.id }

// Close ends the store. It waits for the commit under way; what still waits
// behind it is refused with ErrClosed. The file of bbolt then holds everything,
// and the journal nothing, unless an error is returned: then the rest is still
// in the journal, and the next Open goes on from there. Later calls do nothing.
func (s *Store) Close() error {
	s.closing.Do(func() {
		close(s.quit)
		select {
		case s.leading <- struct{}{}: // for ever
		case <-s.broken: // who commits may hang in a lock that a panic left held
		}
		close(s.done)
		select {
		case <-s.idle:
		case <-s.broken:
		}
		s.closeErr = errors.Join(s.finish(), s.detach())
	})
	return s.closeErr
}

// isBroken tells that the store can no longer be used.
func (s *Store) isBroken() bool {
	select {
	case <-s.broken:
		return true
	default:
		return false
	}
}

// state is nil while the store can be used.
func (s *Store) state() error {
	select {
	case <-s.quit:
		return ErrClosed
	default:
	}
	if s.isBroken() {
		return s.fault
	}
	return nil
}

// breakDown ends the use of the store after a panic outside of a read: some of
// bbolt's locks may be held for ever, and writing on could spoil more.
func (s *Store) breakDown(p any) error {
	s.breaking.Do(func() {
		s.fault = corruptFault(panicError(p))
		s.log.Error("store: unusable until reopened", "panic", p, "stack", string(debug.Stack()))
		close(s.broken)
	})
	return s.fault
}

// detach closes the file and leaves the store without one. Transactions under
// way are waited for.
func (s *Store) detach() error {
	s.openMu.Lock()
	f := s.file
	s.file = nil
	s.openMu.Unlock()
	if f == nil {
		return nil
	}
	if s.isBroken() {
		f.abandon()
		return nil
	}
	return faultFor(f.db.Close())
}

// attach opens the file again, if it still is the same store.
func (s *Store) attach() (*file, error) {
	if info, err := os.Stat(s.path); err != nil {
		return nil, faultFor(err)
	} else if info.Size() == 0 { // opening it would make a new store of it
		return nil, corruptFault(errors.New("the file has been emptied"))
	}
	f, err := openFile(s.path, held(s.keys.Load().master))
	if err != nil {
		return nil, faultFor(err)
	}
	if f.id != s.id || f.head < s.applied {
		f.db.Close()
		return nil, corruptFault(errors.New("the file has been exchanged for another"))
	}
	s.openMu.Lock()
	defer s.openMu.Unlock()
	s.file = f
	return f, nil
}

func (s *Store) current() *file {
	s.openMu.Lock()
	defer s.openMu.Unlock()
	return s.file
}

// revive reopens the file if bbolt has lost its map, as after a failed growth
// on Windows.
func (s *Store) revive() {
	tx, err := s.begin()
	if err == nil {
		s.end(tx)
		return
	}
	if s.state() != nil {
		return
	}
	s.log.Warn("store: reopening", "error", err)
	if err := s.detach(); err != nil {
		s.log.Error("store: not closed", "error", err)
	}
	if _, err := s.attach(); err != nil {
		s.log.Error("store: not reopened", "error", err)
	}
}

// begin starts a read transaction.
func (s *Store) begin() (tx *bolt.Tx, err error) {
	s.openMu.Lock()
	defer s.openMu.Unlock()
	if err := s.state(); err != nil {
		return nil, err
	}
	if s.file == nil {
		return nil, failedFault(errors.New("the file is not open at the moment"))
	}
	defer func() {
		if p := recover(); p != nil {
			tx, err = nil, s.breakDown(p)
		}
	}()
	tx, err = s.file.db.Begin(false)
	return tx, faultFor(err)
}

func (s *Store) end(tx *bolt.Tx) {
	if !s.isBroken() { // the locks that Rollback takes may be held for ever
		_ = tx.Rollback()
	}
}

// view runs fn in a read transaction. Damage that shows as a panic or as a
// memory fault becomes the fault store_corrupt.
func (s *Store) view(fn func(*bolt.Tx) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	tx, err := s.begin()
	if err != nil {
		return err
	}
	defer s.end(tx)
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("store: reading failed", "panic", p, "stack", string(debug.Stack()))
			err = corruptFault(panicError(p))
		}
		if told := s.onDamage.Load(); told != nil && codeIs(err, CodeCorrupt) {
			(*told)()
		}
	}()
	return faultFor(fn(tx))
}

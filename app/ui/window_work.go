package ui

import "context"

// A queue has work done piece by piece, each once the one before is done; a nil
// one has it done at once.
type queue struct{ last <-chan struct{} }

func (q *queue) join() (before <-chan struct{}, leave func()) {
	if q == nil {
		return nil, func() {}
	}
	before, now := q.last, make(chan struct{})
	q.last = now
	return before, func() { close(now) }
}

// aside does work off this goroutine, which never waits for the core or a file,
// and runs here what it returns.
func (x *window) aside(what string, q *queue, do func(context.Context) (then func(), err error)) {
	before, leave := q.join()
	go func() {
		defer x.bridge.survive(what)
		defer leave()
		if before != nil {
			<-before
		}
		ctx, cancel := context.WithTimeout(x.ctx, coreDeadline)
		defer cancel()
		then, err := do(ctx)
		if err != nil {
			x.options.Logger.Error(what, "error", err)
		}
		if then != nil {
			x.bridge.post(then)
		}
	}()
}

// tell has the core do something, and shows what went wrong.
func (x *window) tell(what string, do func(context.Context) error, failed func()) {
	x.fetch(what, func(ctx context.Context) (func(), error) { return nil, do(ctx) }, failed)
}

// fetch is tell that goes on with what do returns.
func (x *window) fetch(what string, do func(context.Context) (then func(), err error), failed func()) {
	x.aside(what, nil, func(ctx context.Context) (func(), error) {
		then, err := do(ctx)
		if err != nil {
			then = func() {
				failed()
				x.notify(err)
			}
		}
		return then, err
	})
}

// errand has the core do something about devices in turn, and tells done how it
// went.
func (x *window) errand(what string, do func(context.Context, DeviceCore) error, done func(error)) {
	x.aside(what, &x.errands, func(ctx context.Context) (func(), error) {
		err := do(ctx, x.options.Core)
		return func() { done(err) }, err
	})
}

// inTurn does something with the file of settings.
func (x *window) inTurn(what string, do func(context.Context) (then func(), err error)) {
	x.aside(what, &x.files, do)
}

// read tells done what the core answers.
func read[T any](x *window, what string, ask func(context.Context) (T, error), done func(T, error)) {
	x.aside(what, nil, func(ctx context.Context) (func(), error) {
		v, err := ask(ctx)
		return func() { done(v, err) }, err
	})
}

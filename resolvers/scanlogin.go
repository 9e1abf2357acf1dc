package resolvers

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"iter"
	"time"

	"menshen/graph"
	"menshen/store"
)

// CreateScanLogin opens a ticket for the web page that asks.
func (r mutation) CreateScanLogin(ctx context.Context, appID *string) (*graph.ScanLoginTicket, error) {
	app, err := r.servedApp(appID)
	if err != nil {
		return nil, err
	}
	visit := visitOf(ctx)
	if err := visit.goSlow(); err != nil {
		return nil, err
	}
	if err := take(r.Limits.ScanLogins, visit.IPAddress); err != nil {
		return nil, err
	}
	secret := newScanSecret()
	ticket, err := r.Store.OpenScanLogin(ctx, store.OpenScanLogin{
		AppID: app, SecretHash: sha256.Sum256([]byte(secret)),
		UserAgent: store.Optional(visit.UserAgent), IPAddress: store.Optional(visit.IPAddress),
	})
	if err != nil {
		return nil, err
	}
	code, err := r.scanCode(ctx, app, ticket.ID)
	if err != nil { // the ticket, which nobody knows, expires
		return nil, err
	}
	return &graph.ScanLoginTicket{ID: ticket.ID, Secret: secret, QRCode: dataURI(code), ExpiresAt: ticket.ExpiresAt}, nil
}

// newScanSecret makes a secret of 256 bits.
func newScanSecret() string {
	var secret [32]byte
	rand.Read(secret[:])
	return base64.RawURLEncoding.EncodeToString(secret[:])
}

// scanCode draws what the phone scans: the mini program's own code when the page
// that it opens is known, else the id alone, for a mini program that calls
// wx.scanCode itself.
func (r mutation) scanCode(ctx context.Context, app, id string) ([]byte, error) {
	if r.ScanPage != "" {
		return r.WeChat.WxaCode(ctx, app, r.ScanPage, id)
	}
	return drawQRCode(id)
}

// ClaimScanLogin notes who scanned the ticket.
func (r mutation) ClaimScanLogin(ctx context.Context, id string) (*graph.ScanLogin, error) {
	session, _, err := r.self(ctx)
	if err != nil {
		return nil, err
	}
	return r.changed(r.Store.ClaimScanLogin(ctx, id, session.ID))
}

// AnswerScanLogin lets the web page in, or refuses.
func (r mutation) AnswerScanLogin(ctx context.Context, id string, approve bool) (*graph.ScanLogin, error) {
	session, user, err := r.self(ctx)
	if err != nil {
		return nil, err
	}
	return r.changed(r.Store.AnswerScanLogin(ctx, id, session.ID, approve, actor(ctx, user.ID)))
}

// changed tells the web page of a change, and the caller what the ticket is now.
func (r mutation) changed(ticket store.ScanLogin, err error) (*graph.ScanLogin, error) {
	if err != nil {
		return nil, err
	}
	r.Events.Publish(scanLoginTopic+ticket.ID, ticket.ID)
	return scanLoginOf(ticket), nil
}

// RedeemScanLogin tells the web page how far its ticket is, and logs it in once
// the ticket is approved.
func (r mutation) RedeemScanLogin(ctx context.Context, id, secret string) (*graph.ScanLogin, error) {
	ticket, err := r.presentedTicket(ctx, id, secret)
	if err != nil {
		return nil, err
	}
	if ticket.Status != store.ScanLoginApproved { // pages poll: no transaction, and no signature, for that
		return scanLoginOf(ticket), nil
	}
	return r.redeem(ctx, ticket)
}

// redeem exchanges an approved ticket for a session, if nobody did it meanwhile.
func (r mutation) redeem(ctx context.Context, ticket store.ScanLogin) (*graph.ScanLogin, error) {
	id := store.NewID(store.SessionPrefix, r.Now())
	refresh, err := r.keptRefresh(r.Tokens.NextRefresh(id, 0))
	if err != nil {
		return nil, err
	}
	visit := visitOf(ctx)
	in, err := limitApp(r.Resolver, ticket.AppID, func() (in *store.LoggedIn, err error) {
		ticket, in, err = r.Store.RedeemScanLogin(ctx, store.RedeemScanLogin{
			ID: ticket.ID, SecretHash: ticket.SecretHash, SessionID: id, Refresh: refresh,
			UserAgent: store.Optional(visit.UserAgent), IPAddress: store.Optional(visit.IPAddress),
		})
		return in, err
	})
	if err != nil {
		return nil, err
	}
	result := scanLoginOf(ticket)
	if in == nil {
		return result, nil
	}
	r.Events.Publish(scanLoginTopic+ticket.ID, ticket.ID)
	r.announce(in.Session)
	if result.Login, err = r.loginPayload(ctx, in.Session, in.User, in.IsNewUser); err != nil {
		return nil, err
	}
	prove(ctx, result.Login)
	return result, nil
}

// presentedTicket is a ticket for who knows its secret. To anybody else it is as
// if it were not there. Nobody counts their guesses: nobody guesses 256 bits, and
// who only tries would lock out all logins of an address that others share.
func (r *Resolver) presentedTicket(ctx context.Context, id, secret string) (store.ScanLogin, error) {
	ticket, err := r.Store.ScanLogin(ctx, id)
	if err != nil {
		return store.ScanLogin{}, err
	}
	if !ticket.HasSecret(sha256.Sum256([]byte(secret))) {
		return store.ScanLogin{}, store.ErrNotFound
	}
	return ticket, nil
}

// ScanLogin answers the states of a ticket, the present one first, to the last.
func (r subscription) ScanLogin(ctx context.Context, id, secret string) (<-chan *graph.ScanLogin, error) {
	messages := r.Events.Subscribe(ctx, scanLoginTopic+id) // before the first look: nothing happens in between
	ticket, err := r.presentedTicket(ctx, id, secret)
	if err != nil {
		return nil, err
	}
	return stream(ctx, r.Resolver, r.statesOf(ctx, ticket, messages)), nil
}

// statesOf follows a ticket until nothing more can happen to it, or messages end.
func (r subscription) statesOf(ctx context.Context, ticket store.ScanLogin, messages <-chan string) iter.Seq2[*graph.ScanLogin, error] {
	return func(yield func(*graph.ScanLogin, error) bool) {
		for yield(scanLoginOf(ticket), nil) && !ticket.Status.Done() {
			next, err := r.nextState(ctx, ticket, messages)
			if err != nil {
				yield(nil, err)
				return
			}
			ticket = next
		}
	}
}

// lookAgain is after what time a ticket is read again of which nothing was heard:
// nobody publishes that the session which claimed it has ended.
const lookAgain = 5 * time.Second

// nextState waits until a ticket has another status than it had.
func (r subscription) nextState(ctx context.Context, ticket store.ScanLogin, messages <-chan string) (store.ScanLogin, error) {
	for {
		select {
		case <-ctx.Done():
			return store.ScanLogin{}, ctx.Err()
		case <-messages:
		case <-time.After(min(lookAgain, max(ticket.ExpiresAt.Sub(r.Now()), time.Millisecond))): // clocks may differ by as much
		}
		next, err := r.stateOf(ctx, ticket)
		if err != nil || next.Status != ticket.Status {
			return next, err
		}
	}
}

// stateOf reads a ticket again. One whose claimer's session has ended or is blocked
// is of as little use to its page as one that has expired; redeemScanLogin tells of
// a block.
func (r subscription) stateOf(ctx context.Context, ticket store.ScanLogin) (store.ScanLogin, error) {
	next, err := r.Store.ScanLogin(ctx, ticket.ID)
	if err == nil && next.SessionID != "" && !next.Status.Done() {
		_, err = r.Store.Session(ctx, next.SessionID)
	}
	if errors.Is(err, store.ErrNotFound) {
		next, err = ticket, nil
		next.Status = store.ScanLoginExpired
	}
	return next, err
}

// scanLoginOf shows a ticket without what is secret in it.
func scanLoginOf(l store.ScanLogin) *graph.ScanLogin {
	return &graph.ScanLogin{
		ID: l.ID, Status: l.Status, ExpiresAt: l.ExpiresAt, CreatedAt: l.CreatedAt,
		IPAddress: known(string(l.IPAddress)), UserAgent: known(string(l.UserAgent)),
	}
}

package resolvers

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"

	"menshen/graph"
	"menshen/store"
	"menshen/wechat"
)

// DecryptProfile opens wx.getUserInfo data and keeps the profile.
func (r mutation) DecryptProfile(ctx context.Context, encryptedData, iv string, rawData, signature *string) (*graph.DecryptProfilePayload, error) {
	sealed, to, err := r.sealedForCaller(ctx, graph.EncryptedDataInput{
		EncryptedData: encryptedData, Iv: iv, RawData: rawData, Signature: signature,
	})
	if err != nil {
		return nil, err
	}
	profile, err := sealed.profile(to)
	if err != nil {
		return nil, err
	}
	kept, err := r.Store.KeepProfile(ctx, to.userID, keepable(profile))
	if err != nil {
		return nil, err
	}
	return &graph.DecryptProfilePayload{User: &kept, Profile: &profile}, nil
}

// DecryptOpenData opens any open data and keeps nothing.
func (r mutation) DecryptOpenData(ctx context.Context, encryptedData, iv string) (graph.OpenData, error) {
	sealed, to, err := r.sealedForCaller(ctx, graph.EncryptedDataInput{EncryptedData: encryptedData, Iv: iv})
	if err != nil {
		return nil, err
	}
	data, err := sealed.open(to)
	if err != nil {
		return nil, err
	}
	return openDataOf(data), nil
}

// recipient is whom WeChat encrypted open data for, if it is honest.
type recipient struct {
	userID string // "" before a login
	appID  string
	openID string
	keys   []store.SessionKey // newest first
}

// sealedForCaller checks the form of open data and looks up the caller's keys.
func (r mutation) sealedForCaller(ctx context.Context, in graph.EncryptedDataInput) (*openDataInput, recipient, error) {
	session, user, err := r.self(ctx)
	if err != nil {
		return nil, recipient{}, err
	}
	sealed, err := parseOpenData(&in, "")
	if err != nil {
		return nil, recipient{}, err
	}
	keys, err := r.Store.SessionKeys(ctx, session.AppID, session.OpenID)
	return sealed, recipient{user.ID, session.AppID, session.OpenID, keys}, err
}

// openDataInput is open data as a client sent it, well formed.
type openDataInput struct {
	graph.EncryptedDataInput
	encrypted wechat.Encrypted
	prefix    string // of field names, "profile." inside an input object
}

// parseOpenData checks the form of open data; nil stays nil.
func parseOpenData(in *graph.EncryptedDataInput, prefix string) (*openDataInput, error) {
	if in == nil {
		return nil, nil
	}
	if (in.RawData == nil) != (in.Signature == nil) {
		return nil, invalidInput(prefix+"rawData", "must come with signature, and signature with it")
	}
	encrypted, err := wechat.ParseEncrypted(in.EncryptedData, in.Iv)
	if err != nil {
		return nil, fieldError(err, prefix)
	}
	return &openDataInput{*in, encrypted, prefix}, nil
}

// open decrypts with the first key that fits, newest first, and verifies that
// the data is meant for this app and about this user.
func (in *openDataInput) open(to recipient) (*wechat.OpenData, error) {
	candidates := make([]wechat.SessionKey, len(to.keys))
	for i, key := range to.keys {
		candidates[i] = wechat.SessionKey(key.Text)
	}
	data, err := in.encrypted.Open(candidates...)
	if err != nil {
		return nil, err
	}
	if err := data.Verify(to.appID, to.openID); err != nil {
		return nil, err
	}
	if in.RawData == nil {
		return data, nil
	}
	return data, fieldError(data.VerifyRawData(*in.RawData, *in.Signature), in.prefix)
}

// profile opens what must be user info.
func (in *openDataInput) profile(to recipient) (store.Profile, error) {
	data, err := in.open(to)
	if err != nil {
		return store.Profile{}, err
	}
	if data.UserInfo == nil {
		return store.Profile{}, invalidInput(in.prefix+"encryptedData", "is not user info")
	}
	return profileOf(data.UserInfo), nil
}

// digest tells one input from another; nil has one too.
func (in *openDataInput) digest() [32]byte {
	if in == nil {
		return [32]byte{}
	}
	text, _ := json.Marshal(in.EncryptedDataInput) // strings alone: it cannot fail
	return sha256.Sum256(text)
}

// fieldError puts an outer name before the field that an error names.
func fieldError(err error, prefix string) error {
	if field := new(wechat.FieldError); errors.As(err, &field) {
		return invalidInput(prefix+field.Field, field.Reason)
	}
	return err
}

func profileOf(info *wechat.UserInfo) store.Profile {
	return store.Profile{
		NickName:  store.Optional(info.NickName),
		AvatarURL: store.Optional(info.AvatarURL),
		Gender:    store.Gender(info.Gender),
		Language:  store.Optional(info.Language),
		City:      store.Optional(info.City),
		Province:  store.Optional(info.Province),
		Country:   store.Optional(info.Country),
	}
}

// openDataOf shows open data in the shape it has.
func openDataOf(d *wechat.OpenData) graph.OpenData {
	mark := watermarkOf(d.Watermark)
	switch {
	case d.UserInfo != nil:
		profile := profileOf(d.UserInfo)
		return graph.UserInfo{
			Profile: &profile, Watermark: mark,
			OpenID: known(d.UserInfo.OpenID), UnionID: known(d.UserInfo.UnionID),
		}
	case d.Phone != nil:
		return graph.PhoneNumber{
			PhoneNumber: d.Phone.PhoneNumber, PurePhoneNumber: d.Phone.PurePhoneNumber,
			CountryCode: d.Phone.CountryCode, Watermark: mark,
		}
	case d.WeRun != nil:
		return graph.WeRunData{Steps: weRunDays(d.WeRun.Steps), Watermark: mark}
	case d.Share != nil:
		return graph.ShareInfo{OpenGId: known(d.Share.OpenGID), Watermark: mark}
	}
	return graph.OtherOpenData{JSON: d.JSON, Watermark: mark}
}

func watermarkOf(w *wechat.Watermark) *graph.Watermark {
	if w == nil {
		return nil
	}
	return &graph.Watermark{AppID: w.AppID, Timestamp: w.Timestamp}
}

func weRunDays(days []wechat.StepDay) []*graph.WeRunDay {
	list := make([]*graph.WeRunDay, len(days))
	for i, day := range days {
		list[i] = &graph.WeRunDay{Date: day.Date, Steps: int32(day.Steps)}
	}
	return list
}

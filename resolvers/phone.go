package resolvers

import (
	"context"

	"menshen/graph"
	"menshen/store"
	"menshen/wechat"
)

// BindPhoneNumber keeps the number that WeChat says is the caller's.
func (r mutation) BindPhoneNumber(ctx context.Context, code, encryptedData, iv *string) (*graph.UserPayload, error) {
	session, user, err := r.self(ctx)
	if err != nil {
		return nil, err
	}
	if err := onePhoneSource(code, encryptedData, iv); err != nil {
		return nil, err
	}
	var phone *wechat.Phone
	if code != nil {
		phone, err = r.phoneByCode(ctx, session, *code)
	} else {
		phone, err = r.phoneFromOpenData(ctx, *encryptedData, *iv)
	}
	if err != nil {
		return nil, err
	}
	return userPayload(r.Store.BindPhone(ctx, user.ID, store.Phone{
		Number: phone.PhoneNumber, PureNumber: phone.PurePhoneNumber, CountryCode: phone.CountryCode,
	}, actor(ctx, user.ID)))
}

// UnbindPhoneNumber forgets the caller's number.
func (r mutation) UnbindPhoneNumber(ctx context.Context) (*graph.UserPayload, error) {
	_, user, err := r.self(ctx)
	if err != nil {
		return nil, err
	}
	return userPayload(r.Store.UnbindPhone(ctx, user.ID, actor(ctx, user.ID)))
}

// onePhoneSource checks that a number comes from a code, or from encryptedData
// and iv.
func onePhoneSource(code, encryptedData, iv *string) error {
	switch {
	case code != nil && (encryptedData != nil || iv != nil):
		return invalidInput("code", "must come alone, without encryptedData and iv")
	case code != nil:
		return nil
	case encryptedData == nil && iv == nil:
		return invalidInput("code", "must be given, or encryptedData and iv instead")
	case encryptedData == nil:
		return invalidInput("encryptedData", "must come with iv")
	case iv == nil:
		return invalidInput("iv", "must come with encryptedData")
	}
	return nil
}

// phoneByCode asks WeChat in the name of the caller's OpenID, so that another
// user's code is refused.
func (r mutation) phoneByCode(ctx context.Context, session *store.Session, code string) (*wechat.Phone, error) {
	phone, err := r.WeChat.PhoneNumber(ctx, session.AppID, session.OpenID, code)
	return &phone, err
}

func (r mutation) phoneFromOpenData(ctx context.Context, encryptedData, iv string) (*wechat.Phone, error) {
	sealed, to, err := r.sealedForCaller(ctx, graph.EncryptedDataInput{EncryptedData: encryptedData, Iv: iv})
	if err != nil {
		return nil, err
	}
	data, err := sealed.open(to)
	if err != nil {
		return nil, err
	}
	if data.Phone == nil {
		return nil, invalidInput("encryptedData", "is not a phone number")
	}
	if !data.Phone.Consistent() {
		return nil, invalidInput("encryptedData", "gives two different phone numbers")
	}
	return data.Phone, nil
}

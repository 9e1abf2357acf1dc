package wechat

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
)

const (
	// pushBlock is the block of the padding: WeChat pads to 32 bytes, though a
	// block of AES has 16.
	pushBlock = 32

	// pushHeader is what stands before a message: 16 random bytes and its
	// length in 4, big-endian.
	pushHeader = 16 + 4
)

// decrypt opens Encrypt, whose signature has been checked: AES-256-CBC, its iv
// the first half of the key. WeChat's page does not say where the iv comes from;
// its own samples do.
func (k PushKey) decrypt(encrypt string) ([]byte, bool) {
	text, ok := decodeBase64(encrypt)
	if !ok || len(text) == 0 || len(text)%pushBlock != 0 {
		return nil, false
	}
	block, err := aes.NewCipher(k.key)
	if err != nil {
		return nil, false
	}
	cipher.NewCBCDecrypter(block, k.key[:aes.BlockSize]).CryptBlocks(text, text)
	return k.unframe(text)
}

// unframe takes off what stands around the message: the header, the AppID and
// the padding. What it finds may show in its time, unlike in unpad: without the
// token nobody gets a ciphertext of his own as far as here.
func (k PushKey) unframe(text []byte) ([]byte, bool) {
	size := int(text[len(text)-1])
	text, padded := bytes.CutSuffix(text, bytes.Repeat([]byte{byte(size)}, size))
	text, ours := bytes.CutSuffix(text, []byte(k.appID))
	if !padded || size == 0 || size > pushBlock || !ours || len(text) < pushHeader {
		return nil, false
	}
	header, message := text[:pushHeader], text[pushHeader:]
	return message, binary.BigEndian.Uint32(header[16:]) == uint32(len(message))
}

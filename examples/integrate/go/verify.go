package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// By which the two machines' clocks may differ.
	leeway = 5 * time.Second
	// The keys change rarely; Saoma's answer may be kept this long.
	keep = 5 * time.Minute
	// A token with an unknown key makes us look again, but no stranger shall make us ask all the time.
	pause      = 10 * time.Second
	fetchLimit = 3 * time.Second
)

// ErrRefused means that the token is not good: answer 401. Every other error means that the keys
// could not be had: 503.
var ErrRefused = errors.New("token refused")

// Claims are what a good token says.
type Claims struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	// User is the user's id.
	User string `json:"sub"`
	// Session is the session's id.
	Session string `json:"sid"`
	Expires int64  `json:"exp"`
}

// AccessTokens checks Saoma's access tokens with the standard library alone.
type AccessTokens struct {
	// Issuer is Saoma's public URL without a final slash.
	Issuer string
	// Audience is its SAOMA_TOKEN_AUDIENCE.
	Audience string

	mutex    sync.Mutex
	keys     map[string]ed25519.PublicKey
	loadedAt time.Time
	triedAt  time.Time
	missedAt time.Time
}

// Verify gives the claims of a good token.
func (t *AccessTokens) Verify(token string) (*Claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("%w: not a token", ErrRefused)
	}
	var header struct{ Alg, Kid string }
	if err := decode(parts[0], &header); err != nil {
		return nil, err
	}
	// The algorithm is ours to choose, not the token's.
	if header.Alg != "EdDSA" {
		return nil, fmt.Errorf("%w: another algorithm", ErrRefused)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, fmt.Errorf("%w: not a token", ErrRefused)
	}
	key, err := t.key(header.Kid)
	if err != nil {
		return nil, err
	}
	if !ed25519.Verify(key, []byte(parts[0]+"."+parts[1]), signature) {
		return nil, fmt.Errorf("%w: the signature is wrong", ErrRefused)
	}
	var claims Claims
	if err := decode(parts[1], &claims); err != nil {
		return nil, err
	}
	switch {
	case claims.Issuer != t.Issuer:
		return nil, fmt.Errorf("%w: another issuer", ErrRefused)
	case claims.Audience != t.Audience:
		return nil, fmt.Errorf("%w: another audience", ErrRefused)
	case time.Now().Add(-leeway).Unix() >= claims.Expires:
		return nil, fmt.Errorf("%w: expired", ErrRefused)
	case claims.User == "":
		return nil, fmt.Errorf("%w: nobody", ErrRefused)
	}
	return &claims, nil
}

func (t *AccessTokens) key(kid string) (ed25519.PublicKey, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	key, known := t.keys[kid]
	old := time.Since(t.loadedAt) > keep
	missed := !old && !known
	if (old && time.Since(t.triedAt) > pause) || (missed && time.Since(t.missedAt) > pause) {
		t.triedAt = time.Now()
		if missed {
			t.missedAt = t.triedAt
		}
		if err := t.load(); err != nil {
			return nil, err
		}
		key, known = t.keys[kid]
	}
	if t.loadedAt.IsZero() {
		return nil, errors.New("Saoma has not given its keys yet")
	}
	if !known {
		return nil, fmt.Errorf("%w: an unknown key", ErrRefused)
	}
	return key, nil
}

func (t *AccessTokens) load() error {
	client := http.Client{Timeout: fetchLimit}
	answer, err := client.Get(t.Issuer + "/.well-known/jwks.json")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("Saoma's keys: %s", answer.Status)
	}
	var set struct {
		Keys []struct{ Kty, Crv, Kid, X string }
	}
	if err := json.NewDecoder(answer.Body).Decode(&set); err != nil {
		return err
	}
	keys := make(map[string]ed25519.PublicKey)
	for _, jwk := range set.Keys {
		x, err := base64.RawURLEncoding.DecodeString(jwk.X)
		if jwk.Kty == "OKP" && jwk.Crv == "Ed25519" && err == nil && len(x) == ed25519.PublicKeySize {
			keys[jwk.Kid] = x
		}
	}
	t.keys, t.loadedAt = keys, time.Now()
	return nil
}

func decode(part string, into any) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("%w: not a token", ErrRefused)
	}
	return nil
}

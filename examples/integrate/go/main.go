// A service that answers whoever brings a good access token:
//
//	SAOMA_URL=http://localhost:8080 PORT=8100 go run .
package main

import (
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	issuer := setting("SAOMA_URL", "http://localhost:8080")
	tokens := &AccessTokens{Issuer: issuer, Audience: setting("AUDIENCE", issuer)}
	server := &http.Server{
		Addr:              "127.0.0.1:" + setting("PORT", "8100"),
		Handler:           hello(tokens),
		ReadHeaderTimeout: 10 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}

func hello(tokens *AccessTokens) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "bearer") || token == "" {
			answer(w, http.StatusUnauthorized, "error", "a token is needed")
			return
		}
		claims, err := tokens.Verify(token)
		switch {
		case err == nil:
			answer(w, http.StatusOK, "user", claims.User)
		case errors.Is(err, ErrRefused):
			answer(w, http.StatusUnauthorized, "error", err.Error())
		default:
			log.Print(err)
			answer(w, http.StatusServiceUnavailable, "error", "the keys are not at hand")
		}
	}
}

func answer(w http.ResponseWriter, status int, name, value string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{name: value})
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

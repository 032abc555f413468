"""A login server on Django Channels 4: what its documentation advises for production."""

import os

SECRET_KEY = "of a server that only this machine reaches"
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
ROOT_URLCONF = "login"
ASGI_APPLICATION = "asgi.application"
INSTALLED_APPS = ["channels"]
# It sets Content-Length, without which every answer is chunked.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
USE_I18N = False

# "channels_redis is the only official Django-maintained channel layer supported for production
# use" (Channel Layers, in Channels' documentation).
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # All pages of a process share a channel; what it has no room for, a hundred messages
            # if nothing is said, is dropped.
            "capacity": 20_000,
            "hosts": [
                {
                    "address": os.environ["REDIS_URL"],
                    # As before redis-py 8, which gives up an answer after 5 s, as long as
                    # channels_redis 4.3 waits for a message, and opens 100 connections, of
                    # which each call takes one.
                    "socket_timeout": None,
                    "max_connections": 2**31,
                }
            ]
        },
    }
}

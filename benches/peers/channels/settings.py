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
        "CONFIG": {"hosts": [os.environ["REDIS_URL"]]},
    }
}

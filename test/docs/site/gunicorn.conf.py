wsgi_app = "flask_app:app"
workers = 1
timeout = 60
accesslog = "-"

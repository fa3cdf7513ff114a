"""Tables, queries per noun, migrations, the job queue. The only SQL."""

"""Scores a table with Spark: `mapInArrow` gives each task batches of Arrow, and the model stays open in the worker.

    spark-submit --files churn.safetensors --py-files frame.py spark_score.py churn.safetensors input.parquet output.parquet
"""

import sys

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql.types import DoubleType, StringType, StructField, StructType

import forwardpass


def main(path, source, target):
    spark = SparkSession.builder.appName("forwardpass").getOrCreate()
    table = spark.read.parquet(source)
    # By path where every worker has the file, else by its bytes: forwardpass.load(open(path, "rb").read()).
    model = forwardpass.load(path)
    is_words = model.classes is not None and any(isinstance(label, str) for label in model.classes)
    schema = StructType([*table.schema.fields, StructField("prediction", StringType() if is_words else DoubleType())])

    def score(batches):
        kind = pa.string() if is_words else pa.float64()
        for batch in batches:
            predictions = pa.array(model.predict(batch.to_pandas()).tolist(), kind)
            yield pa.RecordBatch.from_arrays([*batch.columns, predictions], [*batch.schema.names, "prediction"])

    table.mapInArrow(score, schema).write.parquet(target)


if __name__ == "__main__":
    main(*sys.argv[1:])

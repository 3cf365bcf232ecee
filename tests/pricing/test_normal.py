import numpy as np
from scipy.special import ndtr

from pricing.normal import ERROR, rough_cdf


def test_within_its_error_of_the_exact_function():
    x = np.linspace(-40.0, 40.0, 400_001)
    assert np.abs(rough_cdf(x) - ndtr(x)).max() <= ERROR


def test_rises_from_nothing_to_one():
    x = np.array([-np.inf, -8.0, 0.0, 8.0, np.inf])
    assert np.abs(rough_cdf(x) - [0.0, 0.0, 0.5, 1.0, 1.0]).max() <= ERROR
    assert np.all(np.diff(rough_cdf(np.linspace(-6.0, 6.0, 100_001))) >= 0.0)


def test_no_number_for_no_number_and_arguments_left_alone():
    x = np.array([np.nan, 1.0])
    x.flags.writeable = False
    assert np.isnan(rough_cdf(x)).tolist() == [True, False]
